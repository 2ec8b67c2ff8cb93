package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// logDelay is how long a record may wait for others to be written with it. A write for each request would be
	// a seventh of what the cheapest of them cost.
	logDelay = 20 * time.Millisecond
	// hurryAt is how many bytes are written without that delay.
	hurryAt = 256 << 10
	// maxUnwritten bounds what waits for a reader that is slow or stands still, in bytes: 20,000 records, at the
	// highest rate of requests more than a second.
	maxUnwritten = 4 << 20
	// closeTimeout is how long the last records may take. A reader that stands still must not keep a process that
	// was told to stop.
	closeTimeout = 2 * time.Second
)

// logBuffer collects log records and writes many at a time, in their order, from one goroutine of its own: a reader
// that is slow, stands still or is gone delays no request. What does not fit meanwhile is dropped and counted, and
// once writing works again a record says how many there were. A process that is killed loses at most those of the
// last logDelay; one that ends by itself calls Close and loses none that the reader takes.
type logBuffer struct {
	w io.Writer
	// reportDrops writes a record that says how many were dropped. It is called by the writing goroutine.
	reportDrops func(n int)

	mu      sync.Mutex
	pending []byte
	dropped int

	arrived chan struct{} // there is something to write
	hurry   chan struct{} // … without delay
	closing chan struct{}
	ended   chan struct{}
}

func newLogBuffer(w io.Writer) *logBuffer {
	b := &logBuffer{
		w: w, reportDrops: func(int) {}, arrived: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	go b.run()
	return b
}

// Write takes one record and keeps a copy of it. It never blocks and never fails.
func (b *logBuffer) Write(record []byte) (int, error) {
	b.mu.Lock()
	first := len(b.pending) == 0
	if len(b.pending)+len(record) > maxUnwritten {
		b.dropped++
	} else {
		b.pending = append(b.pending, record...)
	}
	full := len(b.pending) > hurryAt
	b.mu.Unlock()
	if first {
		wakeReceiver(b.arrived)
	}
	if full {
		b.writeSoon()
	}
	return len(record), nil
}

// writeSoon has all that is pending written without delay, and does not wait for it.
func (b *logBuffer) writeSoon() { wakeReceiver(b.hurry) }

// wakeReceiver wakes a goroutine that waits for c, or will.
func wakeReceiver(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been woken
	}
}

// run writes what has arrived, a little later.
func (b *logBuffer) run() {
	defer close(b.ended)
	var spare []byte
	for closing := false; !closing; {
		select {
		case <-b.arrived:
			select {
			case <-time.After(logDelay):
			case <-b.hurry:
			case <-b.closing:
			}
		case <-b.hurry:
		case <-b.closing:
			closing = true
		}
		spare = b.write(spare)
	}
}

// write writes all that is pending, and returns memory for what comes next.
func (b *logBuffer) write(spare []byte) []byte {
	b.mu.Lock()
	out := b.pending
	b.pending = spare[:0]
	b.mu.Unlock()
	if len(out) == 0 {
		return out
	}
	n, err := b.w.Write(out)
	b.mu.Lock()
	if err != nil {
		b.dropped += bytes.Count(out[min(max(n, 0), len(out)):], []byte{'\n'})
	}
	lost := b.dropped
	if err == nil {
		b.dropped = 0
	}
	b.mu.Unlock()
	if err == nil && lost > 0 {
		b.reportDrops(lost)
	}
	return out
}

// Close writes what is pending, for as long as closeTimeout. Records that come later are lost.
func (b *logBuffer) Close() error {
	close(b.closing)
	select {
	case <-b.ended:
	case <-time.After(closeTimeout):
	}
	return nil
}

// promptHandler has what is worse than information written without delay: that is what an operator will look for if
// the process is killed in the next moment.
type promptHandler struct {
	slog.Handler
	buffer *logBuffer
}

func (h promptHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.buffer.writeSoon()
	}
	return err
}

func (h promptHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptHandler{h.Handler.WithAttrs(attrs), h.buffer}
}

func (h promptHandler) WithGroup(name string) slog.Handler {
	return promptHandler{h.Handler.WithGroup(name), h.buffer}
}

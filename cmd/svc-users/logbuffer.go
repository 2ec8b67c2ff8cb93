package main

import (
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
	// maxUnwritten is where who logs has to wait for the writing, in bytes.
	maxUnwritten = 256 << 10
)

// logBuffer collects log records and writes many at a time, in their order. A process that is killed loses at
// most those of the last logDelay; one that ends by itself calls Close and loses none. What cannot be written
// is lost, as with any log: a full disk must not stop the service.
type logBuffer struct {
	w io.Writer

	writing sync.Mutex // held while writing, so that pieces stay in order
	mu      sync.Mutex
	pending []byte
	spare   []byte

	arrived chan struct{}
	closing chan struct{}
	ended   sync.WaitGroup
}

func newLogBuffer(w io.Writer) *logBuffer {
	b := &logBuffer{w: w, arrived: make(chan struct{}, 1), closing: make(chan struct{})}
	b.ended.Go(b.run)
	return b
}

// Write keeps a copy of p. It never fails.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	first := len(b.pending) == 0
	b.pending = append(b.pending, p...)
	full := len(b.pending) > maxUnwritten
	b.mu.Unlock()
	switch {
	case full:
		b.flush()
	case first:
		select {
		case b.arrived <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

// run writes what has arrived, a little later.
func (b *logBuffer) run() {
	for {
		select {
		case <-b.arrived:
		case <-b.closing:
			return
		}
		select {
		case <-time.After(logDelay):
		case <-b.closing:
			return
		}
		b.flush()
	}
}

// flush writes all that is pending.
func (b *logBuffer) flush() {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	out := b.pending
	b.pending = b.spare[:0]
	b.mu.Unlock()
	if len(out) > 0 {
		_, _ = b.w.Write(out)
	}
	b.spare = out[:0]
}

// Close writes what is pending. Records that come later are lost.
func (b *logBuffer) Close() error {
	close(b.closing)
	b.ended.Wait()
	b.flush()
	return nil
}

// promptHandler has what is worse than information written at once: that is what somebody will look for if the
// process is killed in the next moment.
type promptHandler struct {
	slog.Handler
	buffer *logBuffer
}

func (h promptHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.buffer.flush()
	}
	return err
}

func (h promptHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptHandler{h.Handler.WithAttrs(attrs), h.buffer}
}

func (h promptHandler) WithGroup(name string) slog.Handler {
	return promptHandler{h.Handler.WithGroup(name), h.buffer}
}

package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// sink counts how often it is written to.
type sink struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	return s.text.Write(p)
}

func (s *sink) state() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.writes
}

func TestLogBufferWritesManyAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out sink
		b := newLogBuffer(&out)
		for i := range 100 {
			fmt.Fprintln(b, i)
		}
		synctest.Wait()
		if text, writes := out.state(); writes != 0 {
			t.Errorf("%d writes at once: %q", writes, text)
		}
		time.Sleep(2 * logDelay)
		synctest.Wait()
		if text, writes := out.state(); writes != 1 || strings.Count(text, "\n") != 100 {
			t.Errorf("%d writes, %d lines", writes, strings.Count(text, "\n"))
		}
		fmt.Fprintln(b, "last")
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if text, _ := out.state(); !strings.HasSuffix(text, "\nlast\n") {
			t.Errorf("Close has lost a record: %q", text)
		}
	})
}

func TestLogBufferWritesTroubleAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out sink
		b := newLogBuffer(&out)
		defer b.Close()
		log := slog.New(promptHandler{slog.NewJSONHandler(b, nil), b}).With("a", 1).WithGroup("g")
		log.Info("first")
		synctest.Wait()
		if text, _ := out.state(); text != "" {
			t.Errorf("information was written at once: %q", text)
		}
		log.Warn("second")
		synctest.Wait() // no time passes
		text, _ := out.state()
		if !strings.Contains(text, "first") || strings.Index(text, "first") > strings.Index(text, "second") {
			t.Errorf("after a warning: %q", text)
		}
	})
}

// gate is a reader that takes nothing while it is shut, and fails while it is broken.
type gate struct {
	sink
	shut   chan struct{}
	broken atomic.Bool
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.shut
	if g.broken.Load() {
		return 0, syscall.EPIPE
	}
	return g.sink.Write(p)
}

// TestLogBufferNeverBlocks: a reader that stands still holds up neither the one that logs nor the end of the
// process. What does not fit is counted, and said once the reader goes on.
func TestLogBufferNeverBlocks(t *testing.T) {
	t.Parallel()
	for _, recovers := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			out := &gate{shut: make(chan struct{})}
			b := newLogBuffer(out)
			dropped := 0
			b.reportDrops = func(n int) { dropped += n }
			record := []byte(strings.Repeat("x", 1023) + "\n")
			const sent = 3 * maxUnwritten / 1024
			for range sent {
				if _, err := b.Write(record); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if recovers {
				close(out.shut)
				time.Sleep(2 * logDelay)
				fmt.Fprintln(b, "after")
				time.Sleep(2 * logDelay)
				synctest.Wait()
				text, _ := out.state()
				if n := strings.Count(text, "\n"); dropped == 0 || n+dropped != sent+1 || !strings.HasSuffix(text, "after\n") {
					t.Errorf("%d records written and %d said to be dropped of %d", n, dropped, sent+1)
				}
			}
			began := time.Now()
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > closeTimeout {
				t.Errorf("Close took %v", took)
			}
			if !recovers {
				close(out.shut)
				synctest.Wait()
			}
		})
	}
}

// TestLogBufferCountsFailures: a reader that is gone costs records and no more.
func TestLogBufferCountsFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &gate{shut: make(chan struct{})}
		close(out.shut)
		b := newLogBuffer(out)
		defer b.Close()
		dropped := 0
		b.reportDrops = func(n int) { dropped += n }
		out.broken.Store(true)
		for range 3 {
			fmt.Fprint(b, "lost\n")
			time.Sleep(2 * logDelay)
		}
		out.broken.Store(false)
		fmt.Fprint(b, "written\n")
		time.Sleep(2 * logDelay)
		synctest.Wait()
		if text, _ := out.state(); text != "written\n" || dropped != 3 {
			t.Errorf("%q was written, %d said to be dropped", text, dropped)
		}
	})
}

// TestLogBufferKeepsOrder logs from many goroutines, past the bound: nothing is lost, and what each has logged
// comes in its order.
func TestLogBufferKeepsOrder(t *testing.T) {
	t.Parallel()
	const loggers, records = 8, 2000
	var out sink
	b := newLogBuffer(&out)
	var wait sync.WaitGroup
	filler := strings.Repeat("x", 100)
	for who := range loggers {
		wait.Go(func() {
			for i := range records {
				fmt.Fprintf(b, "%d %d %s\n", who, i, filler)
			}
		})
	}
	wait.Wait()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	var next [loggers]int
	text, _ := out.state()
	for line := range strings.Lines(text) {
		var who, i int
		if _, err := fmt.Sscanf(line, "%d %d", &who, &i); err != nil || i != next[who] {
			t.Fatalf("%q, want record %d of it (%v)", line, next[who], err)
		}
		next[who]++
	}
	for who, n := range next {
		if n != records {
			t.Errorf("%d records of %d, want %d", n, who, records)
		}
	}
}

package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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
		if text, _ := out.state(); text != "" {
			t.Errorf("information was written at once: %q", text)
		}
		log.Warn("second")
		text, _ := out.state()
		if !strings.Contains(text, "first") || strings.Index(text, "first") > strings.Index(text, "second") {
			t.Errorf("after a warning: %q", text)
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

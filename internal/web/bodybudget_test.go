package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/iotest"
)

func TestBodyBudget(t *testing.T) {
	t.Parallel()
	b := newBodyBudget(100)
	if !b.take(60) || b.take(41) || !b.take(40) || b.take(1) {
		t.Error("it gives more than it has, or less")
	}
	b.give(60)
	b.give(40)
	var at sync.WaitGroup
	for range 8 {
		at.Go(func() {
			for range 10_000 {
				if b.take(30) {
					if left := b.left.Load(); left < 0 || left > 70 {
						t.Errorf("%d are left", left)
					}
					b.give(30)
				}
			}
		})
	}
	at.Wait()
	if left := b.left.Load(); left != 100 {
		t.Errorf("%d are left of 100", left)
	}
}

// What a body is charged follows what has arrived, whatever was announced, and all of it is returned.
func TestBodiesAreCharged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		length    int64 // announced; -1 in chunks
		arrive    int
		broken    bool // and then the connection is
		budget    int64
		err       error
		charged   int64 // at most, in the end
		uncharged bool
	}{
		{name: "small", length: 80, arrive: 80, uncharged: true},
		{name: "all that is free", length: 8192, arrive: 8192, uncharged: true},
		{name: "nearly all that is free, in chunks", length: -1, arrive: 8191, uncharged: true},
		{name: "much announced, nothing sent", length: 1 << 20, broken: true, uncharged: true, err: io.ErrUnexpectedEOF},
		{name: "much announced, little sent", length: 1 << 20, arrive: 10_000, broken: true, budget: 16384, charged: 16384 - freeBody, err: io.ErrUnexpectedEOF},
		{name: "large", length: 1 << 20, arrive: 1 << 20, budget: 2 << 20, charged: 1<<20 + 1 - freeBody},
		{name: "large, in chunks", length: -1, arrive: 1 << 20, budget: 2 << 20, charged: 1<<20 + 1 - freeBody},
		{name: "large, and little is left", length: 1 << 20, arrive: 1 << 20, budget: 300_000, err: errBodyBudget, charged: 300_000},
		{name: "large, and nothing is left", length: 1 << 20, arrive: 1 << 20, err: errBodyBudget, uncharged: true},
		{name: "small, and nothing is left", length: 8000, arrive: 8000, uncharged: true},
	} {
		sent := bytes.Repeat([]byte("x"), c.arrive)
		var from io.Reader = bytes.NewReader(sent)
		if c.broken {
			from = io.MultiReader(from, iotest.ErrReader(io.ErrUnexpectedEOF))
		}
		x := &Exchange{handler: &handler{bodies: newBodyBudget(c.budget)}, Request: httptest.NewRequest(http.MethodPost, "/", nil)}
		x.ctx, x.Request.ContentLength = &x.first, c.length
		got, err := x.collect(iotest.OneByteReader(from), 1<<20)
		if !errors.Is(err, c.err) || err == nil && !bytes.Equal(got, sent) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
		if x.charged > c.charged || x.charged == 0 != c.uncharged {
			t.Errorf("%s: %d bytes are charged, at most %d should be", c.name, x.charged, c.charged)
		}
		x.finish()
		if left := x.handler.bodies.left.Load(); left != c.budget {
			t.Errorf("%s: %d are left of %d", c.name, left, c.budget)
		}
	}
}

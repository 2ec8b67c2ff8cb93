package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progressBar shows on a terminal how far something long has come.
type progressBar struct {
	out   io.Writer
	read  func() int64
	total int64
	began time.Time
	shown time.Time
	steps int
}

// barEvery is how often the bar is drawn anew.
const barEvery = 200 * time.Millisecond

// barWidth is that of the bar alone; all of the line fits into 60 columns.
const barWidth = 24

// newProgressBar returns nil where out is no terminal. read returns how much of total has been read; it may be nil.
func newProgressBar(out io.Writer, read func() int64, total int64) *progressBar {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progressBar{out: out, read: read, total: total, began: time.Now()}
}

// step counts one more, and draws the bar if it is time.
func (b *progressBar) step() {
	b.steps++
	if now := time.Now(); now.Sub(b.shown) >= barEvery {
		b.shown = now
		fmt.Fprint(b.out, "\r\x1b[K"+b.line(now.Sub(b.began)))
	}
}

// clear takes the bar away, so that a line can be printed.
func (b *progressBar) clear() {
	fmt.Fprint(b.out, "\r\x1b[K")
	b.shown = time.Time{}
}

// line is such as "[######                  ]  25%  25000 accounts, 5000/s".
func (b *progressBar) line(spent time.Duration) string {
	rate := float64(b.steps) / max(spent.Seconds(), 0.001)
	text := fmt.Sprintf("%d accounts, %.0f/s", b.steps, rate)
	if b.read == nil || b.total <= 0 {
		return text
	}
	share := min(1, float64(b.read())/float64(b.total))
	filled := int(share * barWidth)
	return fmt.Sprintf("[%s%s] %3.0f%%  %s", strings.Repeat("#", filled), strings.Repeat(" ", barWidth-filled), 100*share, text)
}

package importfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// text is what a file has of one account.
type text struct {
	line    int // where it begins, from 1
	raw     []byte
	table   *table // of CSV and COPY, where raw is a row
	member  string // of a JSON object: the name of the member that raw is of
	problem string // why there is no raw
}

// maxText bounds the text of one account: export tools write a few KiB, and pictures have no place in one.
const maxText = 1 << 20

var problemLong = fmt.Sprintf("is longer than %d bytes", maxText)

// texts cuts the file into pieces. raw is good until the next one.
func (f *File) texts() iter.Seq2[text, error] {
	switch f.form {
	case formLines:
		return f.valid(lines(f.in))
	case formCSV:
		check := checkOwnColumns
		if f.Kind != CSV {
			check = func([]string) error { return nil }
		}
		return f.valid(csvRows(f.in, check))
	case formCopy:
		return f.valid(copyRows(f.in))
	}
	return f.valid(elements(f.in))
}

// valid names the texts that are not UTF-8.
func (f *File) valid(texts iter.Seq2[text, error]) iter.Seq2[text, error] {
	return func(yield func(text, error) bool) {
		for t, err := range texts {
			if err == nil && !utf8.Valid(t.raw) {
				t.problem = "is not valid UTF-8"
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

// lineReader reads lines of any length and counts them.
type lineReader struct {
	in   *bufio.Reader
	line int // of the last one that was read
	buf  []byte
}

// next returns a line without its end, and whether it was longer than maxText and so cut; io.EOF after the last.
func (l *lineReader) next() (line []byte, long bool, err error) {
	l.buf = l.buf[:0]
	l.line++
	for {
		piece, err := l.in.ReadSlice('\n')
		if room := maxText + 2 - len(l.buf); len(piece) > room {
			piece, long = piece[:room], true
		}
		l.buf = append(l.buf, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.buf) > 0, err == nil:
			line = bytes.TrimSuffix(bytes.TrimSuffix(l.buf, []byte("\n")), []byte("\r"))
			return line, long || len(line) > maxText, nil
		}
		return nil, false, err
	}
}

// lines are the lines that are not empty.
func lines(in *bufio.Reader) iter.Seq2[text, error] {
	return func(yield func(text, error) bool) {
		l := &lineReader{in: in}
		for {
			raw, long, err := l.next()
			if errors.Is(err, io.EOF) {
				return
			}
			t := text{line: l.line, raw: raw}
			if long {
				t.raw, t.problem = nil, problemLong
			}
			if err == nil && !long && len(bytes.TrimSpace(raw)) == 0 {
				continue
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

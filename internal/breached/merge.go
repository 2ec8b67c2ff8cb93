package breached

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// run is a sorted file that is being read.
type run struct {
	in   *bufio.Reader
	next uint64
}

// advance reads the next entry; false at the end.
func (r *run) advance() (bool, error) {
	var b [entrySize]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return false, err
	}
	r.next = binary.BigEndian.Uint64(b[:])
	return true, nil
}

// runs is a heap: the run with the least entry comes first.
type runs []*run

func (r runs) Len() int           { return len(r) }
func (r runs) Less(i, j int) bool { return r[i].next < r[j].next }
func (r runs) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *runs) Push(x any)        { *r = append(*r, x.(*run)) }
func (r *runs) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

// mergeRuns writes the index of sorted files, each entry once, and returns how many entries it has.
func mergeRuns(ctx context.Context, path string, paths []string) (entries int64, err error) {
	var waiting runs
	var opened []*os.File
	defer func() {
		for _, f := range opened {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, p := range paths {
		file, err := os.Open(p)
		if err != nil {
			return 0, err
		}
		opened = append(opened, file)
		r := &run{in: bufio.NewReaderSize(file, 64<<10)}
		more, err := r.advance()
		if err != nil {
			return 0, err
		}
		if more {
			waiting = append(waiting, r)
		}
	}
	heap.Init(&waiting)
	head := magic + string(make([]byte, 8)) // the number of entries is written at the end
	err = writeEntries(path, head, func(yield func(uint64) error) error {
		last := uint64(0)
		for waiting.Len() > 0 {
			least := waiting[0]
			if entries == 0 || least.next != last {
				last = least.next
				if entries++; entries%(1<<16) == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				if err := yield(last); err != nil {
					return err
				}
			}
			more, err := least.advance()
			switch {
			case err != nil:
				return err
			case more:
				heap.Fix(&waiting, 0)
			default:
				heap.Pop(&waiting)
			}
		}
		return nil
	})
	return entries, err
}

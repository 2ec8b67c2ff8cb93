package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNotEmpty is the error for a target that has data of its own, which a copy would have to mix with or replace.
var ErrNotEmpty = errors.New("the target is not empty")

// Copied is what became of a table.
type Copied struct {
	Table string
	Rows  int64
	// Digest is of all rows, the same on every database: 64 hexadecimal digits.
	Digest string
}

// CopyResult is what Copy has done.
type CopyResult struct {
	Tables []Copied
	// Already says that the target was such a copy before, and nothing was written.
	Already bool
}

// Copy copies all that the service keeps from one database to another of the other kind, whose schemas are up to date. The
// source is read at one moment; what is written to it later is not copied. The target is written in one transaction: it has
// all of it, read again and compared by count and digest, or is as it was, whatever ends the process. So a copy that was
// interrupted is repeated; a copy of the very same data is recognised, and left alone. Any other target that is not empty is
// refused with ErrNotEmpty. To be empty it may have what bringing its schema up to date makes.
//
// Tables that the database fills by itself (totals, the search), that only pass on work (leases) or that are of the process
// are not copied, nor are the stamps of what is cached, which are drawn anew.
func Copy(ctx context.Context, from, to Database) (CopyResult, error) {
	if from.Engine() == to.Engine() {
		return CopyResult{}, fmt.Errorf("both databases are %s: copy is for the way from one kind of database to the other", from.Engine())
	}
	tables, err := sharedTables(ctx, from, to)
	if err != nil {
		return CopyResult{}, err
	}
	var result CopyResult
	err = from.ReadTables(ctx, func(source Reader) error {
		return to.FillTables(ctx, func(target Writer) error {
			occupied, err := target.Occupied(ctx)
			if err != nil {
				return err
			}
			if len(occupied) > 0 {
				result, err = recognise(ctx, tables, source, target)
				if err == nil && !result.Already {
					err = fmt.Errorf("%w: it has rows in %s", ErrNotEmpty, strings.Join(occupied, ", "))
				}
				return err
			}
			result, err = fill(ctx, tables, source, target)
			return err
		})
	})
	if err != nil {
		return CopyResult{}, err
	}
	return result, nil
}

// sharedTables returns the tables with the types of their columns, which one of the two databases knows.
func sharedTables(ctx context.Context, from, to Database) ([]Table, error) {
	source, err := from.Tables(ctx)
	if err != nil {
		return nil, err
	}
	target, err := to.Tables(ctx)
	if err != nil {
		return nil, err
	}
	typed := source
	if slices.ContainsFunc(source, func(t Table) bool { return t.Columns[0].Type == "" }) {
		typed = target
	}
	return typed, nil
}

// fill writes all tables, and compares each with the source.
func fill(ctx context.Context, tables []Table, source Reader, target Writer) (CopyResult, error) {
	for _, t := range slices.Backward(tables) { // those that refer first
		if err := target.Clear(ctx, t); err != nil {
			return CopyResult{}, err
		}
	}
	read := make([]digest, len(tables))
	placed := false
	for i, t := range tables {
		if t.Log {
			// What the copies of the other tables have moved and logged gives way to what the source has.
			if !placed {
				if err := copyPlace(ctx, source, target); err != nil {
					return CopyResult{}, err
				}
				placed = true
			}
			if err := target.Clear(ctx, t); err != nil {
				return CopyResult{}, err
			}
		}
		if err := target.Insert(ctx, t, read[i].over(source.Rows(ctx, t))); err != nil {
			return CopyResult{}, fmt.Errorf("copy the table %s: %w", t.Name, err)
		}
	}
	return verify(ctx, tables, read, target)
}

func copyPlace(ctx context.Context, source Reader, target Writer) error {
	place, err := source.Place(ctx)
	if err != nil {
		return err
	}
	return target.SetPlace(ctx, place)
}

// verify reads what was written, and compares it with what was read.
func verify(ctx context.Context, tables []Table, read []digest, target Reader) (CopyResult, error) {
	var result CopyResult
	for i, t := range tables {
		var written digest
		if err := written.drain(target.Rows(ctx, t)); err != nil {
			return CopyResult{}, fmt.Errorf("read the table %s of the target: %w", t.Name, err)
		}
		if !written.equal(&read[i]) {
			return CopyResult{}, fmt.Errorf("the table %s of the target differs from what was written: %d rows with the digest %s were read from the source, and the target has %d with the digest %s; nothing was kept",
				t.Name, read[i].rows, read[i].String(), written.rows, written.String())
		}
		result.Tables = append(result.Tables, Copied{Table: t.Name, Rows: written.rows, Digest: written.String()})
	}
	return result, nil
}

// recognise compares a target that is not empty with the source.
func recognise(ctx context.Context, tables []Table, source, target Reader) (CopyResult, error) {
	result := CopyResult{Already: true}
	for _, t := range tables {
		var ours, theirs digest
		if err := errors.Join(ours.drain(source.Rows(ctx, t)), theirs.drain(target.Rows(ctx, t))); err != nil {
			return CopyResult{}, err
		}
		if !ours.equal(&theirs) {
			return CopyResult{}, nil
		}
		result.Tables = append(result.Tables, Copied{Table: t.Name, Rows: ours.rows, Digest: ours.String()})
	}
	here, err := source.Place(ctx)
	if err != nil {
		return CopyResult{}, err
	}
	there, err := target.Place(ctx)
	result.Already = here == there
	return result, err
}

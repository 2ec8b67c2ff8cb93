package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/importfile"
	"github.com/svc-users/svc-users/internal/store"
)

// importSource is where accounts come from.
type importSource struct {
	name, kind string
	unit       string // what is counted: "line", or "row" of a database
	// read is how much of total has been read, in bytes or rows; nil where the total is not known.
	read   func() int64
	total  int64
	file   os.FileInfo // nil for a database
	run    func(*importer.Importer, importer.Options, func(importer.Result) error) (importer.Summary, error)
	closes []io.Closer
}

func (s *importSource) close() {
	for _, c := range s.closes {
		_ = c.Close() // which was only read
	}
}

func (cmd *importCommand) open(t *terminal) (*importSource, error) {
	if cmd.FromFastapi != "" {
		return cmd.openFastAPI(t)
	}
	s := &importSource{name: filepath.Base(cmd.File), unit: "line"}
	in := t.stdin
	if cmd.File == "-" {
		s.name = "standard input"
	} else {
		var err error
		if in, err = os.Open(cmd.File); err != nil {
			return nil, err
		}
		s.closes = append(s.closes, in)
	}
	info, err := in.Stat()
	if err != nil {
		return nil, errors.Join(err, closeAll(s))
	}
	if info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is a folder", s.name), closeAll(s))
	}
	s.file = info
	options := importfile.Options{Kind: importfile.Kind(cmd.Format)}
	if err := cmd.openBeside(s, &options); err != nil {
		return nil, errors.Join(err, closeAll(s))
	}
	f, err := importfile.Open(in, options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s %w", s.name, err), closeAll(s))
	}
	s.kind = f.Describe()
	if info.Mode().IsRegular() {
		s.read, s.total = f.BytesRead, info.Size()
	}
	records := inFile(s.name, f.Records())
	s.run = func(im *importer.Importer, o importer.Options, report func(importer.Result) error) (importer.Summary, error) {
		return im.Run(t.ctx, users.AsOperator(), records, o, report)
	}
	return s, nil
}

func closeAll(s *importSource) error {
	s.close()
	return nil
}

// inFile names the file in the error that ends records.
func inFile(name string, records iter.Seq2[importer.Record, error]) iter.Seq2[importer.Record, error] {
	return func(yield func(importer.Record, error) bool) {
		for r, err := range records {
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// maxFirebaseConfig is far more than the parameters take.
const maxFirebaseConfig = 64 << 10

// openBeside opens the files that belong to an export.
func (cmd *importCommand) openBeside(s *importSource, o *importfile.Options) error {
	if cmd.FirebaseConfig != "" {
		f, err := os.Open(cmd.FirebaseConfig)
		if err != nil {
			return err
		}
		defer f.Close()
		raw, err := io.ReadAll(io.LimitReader(f, maxFirebaseConfig))
		if err != nil {
			return err
		}
		if o.Firebase, err = importfile.ReadFirebaseParameters(raw); err != nil {
			return fmt.Errorf("--firebase-config %w", err)
		}
	}
	if cmd.Auth0Passwords == "" {
		return nil
	}
	f, err := os.Open(cmd.Auth0Passwords)
	if err != nil {
		return err
	}
	s.closes = append(s.closes, f)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("--auth0-passwords must name a regular file: it is read in no order")
	}
	if o.Passwords, err = importfile.IndexAuth0Passwords(f, info.Size()); err != nil {
		return fmt.Errorf("--auth0-passwords %w", err)
	}
	return nil
}

func (cmd *importCommand) openFastAPI(t *terminal) (*importSource, error) {
	old, err := store.OpenFastAPI(t.ctx, cmd.FromFastapi, cmd.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("--from-fastapi: %w", err)
	}
	s := &importSource{name: "the FastAPI service", kind: "database", unit: "row", total: int64(old.Accounts), closes: []io.Closer{old}}
	var rows int64
	s.read = func() int64 { return rows }
	s.run = func(im *importer.Importer, o importer.Options, report func(importer.Result) error) (importer.Summary, error) {
		rights, err := old.Rights(t.ctx)
		if err != nil {
			return importer.Summary{}, fmt.Errorf("--from-fastapi: %w", err)
		}
		return im.TakeOver(t.ctx, users.AsOperator(), rights, old.Records(t.ctx), o, func(r importer.Result) error {
			rows++
			return report(r)
		})
	}
	return s, nil
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/target"
)

// importedHash is a bcrypt hash of another system, which is kept as it is.
const importedHash = "$2b$10$AOrEzs5H3MGFuMma9A52kugnucaxVlx9qlCHsCdfuFmPrJHk6CLZq"

// imports measures how fast accounts are imported from a file, into a database without accounts, and how much more memory many
// of them take than a tenth of them. Their hashes are strong: each weak one would take a hash of the service's own besides.
func imports(ctx context.Context, r *run, database string) error {
	var peaks [2]int64
	var took time.Duration
	for i, n := range []int{r.scale.imported / 10, r.scale.imported} {
		s, err := r.env.Empty(r.binary, database, cheapCost)
		if err != nil {
			return err
		}
		file := filepath.Join(s.Dir, "import.jsonl")
		if err := errors.Join(writeImport(file, n), target.Migrate(ctx, s), target.CreateAdmin(ctx, s, "root@example.com", "correct horse battery")); err != nil {
			return err
		}
		began := time.Now()
		if peaks[i], err = target.Import(ctx, s, file); err != nil {
			return err
		}
		took = time.Since(began)
	}
	r.results.Add(report.Row{
		Key: "import.rate", What: "accounts imported from a file", Database: database, Figure: float64(r.scale.imported) / took.Seconds(), Unit: "/s",
		Goal: report.Min(report.Figure, 4000), // a million in some four minutes
	})
	r.results.Add(report.Row{
		Key: "import.memory", What: fmt.Sprintf("… memory for %d of them ÷ for a tenth", r.scale.imported), Database: database,
		Figure: megabytes(peaks[1]), Unit: "MB", Bare: megabytes(peaks[0]), BareName: "for a tenth", Ratio: float64(peaks[1]) / float64(peaks[0]),
		Goal: report.Max(report.Ratio, 1.5),
	})
	return nil
}

// writeImport writes a file with an account in each line.
func writeImport(path string, n int) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	for i := range n {
		fmt.Fprintf(out, `{"email":"person%d@import.example","role":"Imported","password_hash":"%s","created_at":"2024-05-01T10:00:00Z"}`+"\n", i, importedHash)
	}
	return errors.Join(out.Flush(), file.Close())
}

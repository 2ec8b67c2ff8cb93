package main

import (
	"context"
	"debug/elf"
	"os"
	"slices"

	"github.com/svc-users/svc-users/bench/report"
)

// binary measures the size of the binary, and checks that it is static and stripped, as the goal requires.
func binary(_ context.Context, r *run) error {
	info, err := os.Stat(r.binary)
	if err != nil {
		return err
	}
	file, err := elf.Open(r.binary)
	if err != nil {
		return err
	}
	defer file.Close()
	note := "static"
	if slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		note = "not static"
	}
	if file.Section(".symtab") != nil {
		note += ", not stripped"
	} else {
		note += ", stripped"
	}
	r.results.Add(report.Row{
		Key: "binary.size", What: "the binary", Figure: megabytes(info.Size()), Unit: "MB", Goal: report.Max(report.Figure, 30), Note: note,
	})
	return nil
}

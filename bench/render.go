package main

import (
	"flag"
	"os"
	"path/filepath"

	"github.com/svc-users/svc-users/bench/report"
)

// render draws the pictures and writes the table of the document from results that were kept.
func render(args []string) error {
	flags := flag.NewFlagSet("bench render", flag.ContinueOnError)
	folder := flags.String("docs", "docs", "the folder with bench/results.json and performance.md")
	if err := flags.Parse(args); err != nil {
		return err
	}
	results, err := report.Read(filepath.Join(*folder, "bench", "results.json"))
	if err != nil {
		return err
	}
	path := filepath.Join(*folder, "performance.md")
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := results.Insert(string(document))
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		path: text,
		filepath.Join(*folder, "bench", "flood.svg"): results.FloodSVG(),
		filepath.Join(*folder, "bench", "lists.svg"): results.ListsSVG(),
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil { //nolint:gosec // documents are no secret
			return err
		}
	}
	return nil
}

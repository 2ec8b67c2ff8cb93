// Command bench measures the built service from outside, over loopback, as its clients see it, and its process as
// the operating system sees it, each figure beside the bare primitive measured in the same run. See
// docs/performance.md for what the figures mean.
//
//	bench [flags]    measure, and print the table
//	bench render     draw docs/bench/*.svg and the table of docs/performance.md from docs/bench/results.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "render":
			return render(args[1:])
		case "worker":
			return worker(ctx, args[1:])
		}
	}
	opt, err := parse(args)
	if err != nil {
		return err
	}
	return measure(ctx, opt)
}

// options are the flags.
type options struct {
	binary    string
	only      []string // keys of lines; empty: all
	databases []string
	json      string
	limits    bool
	scale     scale
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	opt := options{scale: whole}
	flags.StringVar(&opt.binary, "binary", "bin/svc-users", "the built service")
	flags.StringVar(&opt.json, "json", "", "write the results as JSON to this file instead of printing them after the table")
	quick := flags.Bool("quick", false, "a minute or so: fewer rounds, tables of at most 100,000 accounts")
	flags.BoolVar(&opt.limits, "rate-limits", false, "count attempts, as a service does unless RATE_LIMITS is off")
	only := flags.String("only", "", "measure these lines alone: "+strings.Join(keys(), ","))
	database := flags.String("database", "both", "sqlite, postgres or both")
	limit := flags.Duration("limit", 0, "stop after this time whatever has not been measured (default 8m, quick 1m30s)")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if *quick {
		opt.scale = short
	}
	if *limit > 0 {
		opt.scale.limit = *limit
	}
	if *only != "" {
		opt.only = strings.Split(*only, ",")
	}
	for _, key := range opt.only {
		if !known(key) {
			return options{}, fmt.Errorf("-only: there is no line %q; there are %s", key, strings.Join(keys(), ", "))
		}
	}
	switch *database {
	case "both":
		opt.databases = []string{sqlite, postgres}
	case "sqlite":
		opt.databases = []string{sqlite}
	case "postgres":
		opt.databases = []string{postgres}
	default:
		return options{}, fmt.Errorf("-database: must be sqlite, postgres or both, not %q", *database)
	}
	return opt, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/target"
)

// line is a part of the table that is measured by itself.
type line struct {
	key  string
	what string
	// once measures without a database, or on both at once; each measures on one of them.
	once func(ctx context.Context, r *run) error
	each func(ctx context.Context, r *run, database string) error
	// on is the one database that each is for; empty: all.
	on string
}

// lines are in the order of measuring.
func lines() []line {
	return []line{
		{key: "bare", what: "the bare primitives", once: primitives},
		{key: "binary", what: "the binary", once: binary},
		{key: "permission", what: "a permission check", once: permission},
		{key: "start", what: "start and idle memory", each: start},
		{key: "login", what: "CPU per login", each: loginCPU},
		{key: "rate", what: "logins per second", each: loginRate},
		{key: "burst", what: "logins at once", each: burst},
		{key: "flood", what: "reads under a login flood", each: flood},
		{key: "overload", what: "ten times the hashing capacity", each: overload},
		{key: "get", what: "CPU per request", each: requests},
		{key: "rights", what: "changes among many roles and permissions", each: rightsChanges},
		{key: "refresh", what: "refreshes of sessions", each: refreshCPU},
		{key: "refresh2", what: "refreshes by replicas", each: refreshReplicas, on: postgres},
		{key: "live", what: "changes of permissions on replicas", each: live, on: postgres},
		{key: "replicas", what: "replicas", each: scaling, on: postgres},
		{key: "import", what: "imports of accounts", each: imports},
		{key: "lists", what: "lists by size", once: lists},
	}
}

func keys() (all []string) {
	for _, l := range lines() {
		all = append(all, l.key)
	}
	return all
}

func known(key string) bool { return slices.Contains(keys(), key) }

// run is one run of the benchmark.
type run struct {
	options
	env     *env
	results report.Results
}

// measure measures what the options ask for, and prints it. What fails is noted, and the rest measured all the
// same.
func measure(ctx context.Context, opt options) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, opt.scale.limit, fmt.Errorf("the time is up (%s)", opt.scale.limit))
	defer cancel()
	r := &run{options: opt}
	if r.binary, err = filepath.Abs(opt.binary); err != nil {
		return err
	}
	r.results = report.Results{Taken: time.Now().UTC().Truncate(time.Second), Quick: opt.scale.quick}
	if r.results.Machine, err = thisMachine(); err != nil {
		return err
	}
	if r.results.Service, err = target.Version(ctx, r.binary); err != nil {
		return err
	}
	if r.env, err = newEnv(opt.limits); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.env.Close()) }()
	failed := 0
	for _, l := range lines() {
		if len(opt.only) > 0 && !slices.Contains(opt.only, l.key) {
			continue
		}
		if l.once != nil && !r.take(ctx, l.what, func() error { return l.once(ctx, r) }) {
			failed++
		}
		for _, database := range opt.databases {
			if l.each != nil && (l.on == "" || l.on == database) && !r.take(ctx, database+": "+l.what, func() error { return l.each(ctx, r, database) }) {
				failed++
			}
		}
	}
	r.results.Notef("measured in %.0f seconds", time.Since(r.results.Taken).Seconds())
	return errors.Join(r.publish(), incomplete(failed))
}

// take measures something, says how long that took, and reports whether it worked.
func (r *run) take(ctx context.Context, what string, f func() error) bool {
	if ctx.Err() != nil {
		r.results.Notef("%s: not measured: %v", what, context.Cause(ctx))
		return false
	}
	r.progress("%s …", what)
	began := time.Now()
	if err := f(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx) // what broke off because of it says less
		}
		r.progress("%s: %v", what, err)
		r.results.Notef("%s: not measured: %v", what, err)
		return false
	}
	r.progress("%s: %.1f s", what, time.Since(began).Seconds())
	return true
}

func incomplete(failed int) error {
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of the lines could not be measured; the notes say why", failed)
}

// progress writes a line about the measurement that is running.
func (r *run) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// publish prints the results as a table and as JSON, or writes the latter to the file that was asked for.
func (r *run) publish() error {
	text, err := r.results.JSON()
	if err != nil {
		return err
	}
	if err := r.results.Table(os.Stdout); err != nil {
		return err
	}
	if r.json == "" {
		_, err = fmt.Printf("\n%s", text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.json), 0o755); err != nil { //nolint:gosec // nor is where they are
		return err
	}
	return os.WriteFile(r.json, text, 0o644) //nolint:gosec // figures are no secret
}

// quietFor is how long the machine is looked at before anything is measured.
const quietFor = 500 * time.Millisecond

// thisMachine describes it, while nothing of ours runs.
func thisMachine() (report.Machine, error) {
	busy, err := machine.Busy(quietFor)
	return report.Machine{
		Processor: machine.Model(), Cores: runtime.NumCPU(), Busy: busy, System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}, err
}

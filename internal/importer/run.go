package importer

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	users "github.com/svc-users/svc-users"
)

// batchSize is how many records one transaction takes. It is short enough that others who change something wait a fraction
// of a second, and long enough that the commit costs little.
const batchSize = 500

// Ports is what an Importer needs of the outside.
type Ports struct {
	Service *users.Service
	Store   Store
	Hashes  Hashes
	// Seals encrypts second factors; nil where there is no encryption key, and then records with second factors are refused.
	Seals Seals
	// Wait returns nil when a time is over, or the error of the context.
	Wait func(ctx context.Context, d time.Duration) error
}

// Importer imports accounts. Its methods may be called one at a time; several processes may import at once.
type Importer struct{ Ports }

// New returns an Importer on its ports.
func New(p Ports) *Importer { return &Importer{p} }

// current is the caller, with the roles and permissions there are, as the database has them now: an import takes long.
func (im *Importer) current(ctx context.Context, c users.Caller) (users.Caller, error) {
	return im.Service.AuthorizeRead(ctx, c.Stale(), users.AccountsCreate)
}

// Run imports records. It needs accounts:create and all that the roles hold, and roles:create with Options.CreateRoles. An
// error of records ends it, as one of report does: what was reported is done, and the rest is not.
//
// report is called for each record, in their order, once it is certain what has become of it.
// ErrForbidden; ErrInvalid where Options name roles that do not exist; ErrUnavailable if the database stays away.
func (im *Importer) Run(ctx context.Context, c users.Caller, records iter.Seq2[Record, error], o Options, report func(Result) error) (Summary, error) {
	return im.newRun(c, o, report).run(ctx, records)
}

func (im *Importer) newRun(c users.Caller, o Options, report func(Result) error) *run {
	return &run{Importer: im, caller: c, options: o, report: report, seen: newSeen(), summary: Summary{Of: map[Outcome]int{}}}
}

// run is one import.
type run struct {
	*Importer
	caller  users.Caller
	options Options
	report  func(Result) error
	seen    *seen
	summary Summary
	// planned are the roles that a dry run would have created by now, by users.RoleName.Key.
	planned map[string]users.RoleName
}

// run imports records in batches.
func (r *run) run(ctx context.Context, records iter.Seq2[Record, error]) (Summary, error) {
	if err := r.checkOptions(ctx); err != nil {
		return r.summary, err
	}
	batch := make([]*candidate, 0, batchSize)
	for record, err := range records {
		if err != nil {
			return r.summary, errors.Join(r.finish(ctx, batch), err)
		}
		batch = append(batch, &candidate{Record: record})
		if len(batch) < batchSize {
			continue
		}
		if err := r.finish(ctx, batch); err != nil {
			return r.summary, err
		}
		batch = batch[:0]
	}
	return r.summary, r.finish(ctx, batch)
}

// checkOptions refuses roles in the options that do not exist, before anything is read.
func (r *run) checkOptions(ctx context.Context) error {
	caller, err := r.current(ctx, r.caller)
	if err != nil {
		return err
	}
	var faults users.Faults
	check := func(field string, name users.RoleName) {
		if name == "" {
			return
		}
		if _, err := users.ParseRoleName(string(name)); err != nil {
			faults.Add(field, err.Error())
		} else if _, exists := caller.Graph().RoleByName(name); !exists && !r.options.CreateRoles && r.planned[name.Key()] == "" {
			faults.Add(field, "names no role that exists: "+string(name)+" (--create-roles creates it)")
		}
	}
	check("role", r.options.DefaultRole)
	for _, from := range slices.Sorted(maps.Keys(r.options.RoleNames)) {
		check("role-map "+from, r.options.RoleNames[from])
	}
	for _, name := range r.options.AllowedRoles {
		check("allow-role", name)
	}
	return faults.Err()
}

// finish imports a batch and reports it.
func (r *run) finish(ctx context.Context, batch []*candidate) error {
	if len(batch) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.check(batch)
	if err := r.patiently(ctx, func() error { return r.findExisting(ctx, r.Store, batch) }); err != nil {
		return err
	}
	if err := r.takeHashes(ctx, batch); err != nil {
		return err
	}
	if err := r.patiently(ctx, func() error { return r.write(ctx, batch) }); err != nil {
		return err
	}
	for _, c := range batch {
		result := c.result()
		r.summary.add(result)
		if err := r.report(result); err != nil {
			return err
		}
	}
	return nil
}

// maxAway is how long the database may be away before an import ends: a failover takes less.
const maxAway = time.Minute

// patiently calls do again while the database is away. A batch whose commit was not answered may be found done.
func (r *run) patiently(ctx context.Context, do func() error) error {
	for waited := time.Duration(0); ; {
		err := do()
		var refused *users.Error
		if !errors.As(err, &refused) || !errors.Is(err, users.ErrUnavailable) || waited >= maxAway {
			return err
		}
		pause := max(refused.RetryAfter, time.Second)
		if err := r.Wait(ctx, pause); err != nil {
			return err
		}
		waited += pause
	}
}

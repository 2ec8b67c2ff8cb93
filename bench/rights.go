package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

// rightsSize is how many roles and permissions there are.
type rightsSize struct{ roles, permissions int }

var smallRights, largeRights = rightsSize{30, 100}, rightsSize{10_000, 20_000}

// rightsTimes are the medians of how long changes take, and the first read after each.
type rightsTimes struct{ role, permission, read time.Duration }

// rightsChanges times changes of one role or permission, at a small and at a large number of both.
func rightsChanges(ctx context.Context, r *run, database string) error {
	small, err := r.timeRights(ctx, database, smallRights)
	if err != nil {
		return err
	}
	large, err := r.timeRights(ctx, database, largeRights)
	if err != nil {
		return err
	}
	for _, line := range []struct {
		key, what    string
		small, large time.Duration
	}{
		{"role", "a change of one role", small.role, large.role},
		{"permission", "a new permission", small.permission, large.permission},
		{"read", "the first read after either", small.read, large.read},
	} {
		r.results.Add(report.Row{
			Key: "rights." + line.key, Database: database, Figure: milliseconds(line.large), Unit: "ms", Bare: milliseconds(line.small), Goal: report.Max(report.Ratio, 3),
			What: fmt.Sprintf("%s among %d roles and %d permissions ÷ among %d and %d", line.what, largeRights.roles, largeRights.permissions, smallRights.roles, smallRights.permissions),
		})
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// timeRights changes roles and permissions of a new installation of that size.
func (r *run) timeRights(ctx context.Context, database string, size rightsSize) (times rightsTimes, err error) {
	s, _, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return times, err
	}
	if err := withDatabase(ctx, s.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Rights(ctx, size.roles, size.permissions), db.Settle(ctx))
	}); err != nil {
		return times, err
	}
	if err := target.CreateAdmin(ctx, s, adminEmail, password); err != nil {
		return times, err
	}
	return times, withService(ctx, s, func(svc *target.Service) error {
		a, err := newAdmin(ctx, []*target.Service{svc})
		if err != nil {
			return err
		}
		defer a.Close()
		times, err = a.timeRights(r.scale.rightsChanges)
		return err
	})
}

// timeRights creates as many roles and permissions, renames each role, and reads after each change.
func (a *admin) timeRights(n int) (rightsTimes, error) {
	var role, permission, read []time.Duration
	timed := func(times *[]time.Duration, do func() error) error {
		begin := time.Now()
		if err := do(); err != nil {
			return err
		}
		*times = append(*times, time.Since(begin))
		begin = time.Now()
		answer, err := a.pools[0][0].Do(load.Get("/api/v1/auth/forward?require=accounts:read", a.token))
		if err == nil {
			err = answer.Expect(http.StatusOK)
		}
		read = append(read, time.Since(begin))
		return err
	}
	for i := range n {
		var id string
		if err := timed(&role, func() (err error) {
			id, err = a.make("/api/v1/roles", fmt.Sprintf(`{"name":"Measured %d"}`, i))
			return err
		}); err != nil {
			return rightsTimes{}, err
		}
		if err := timed(&role, func() error { return a.patch("/api/v1/roles/"+id, fmt.Sprintf(`{"name":"Renamed %d"}`, i)) }); err != nil {
			return rightsTimes{}, err
		}
		if err := timed(&permission, func() error {
			_, err := a.make("/api/v1/permissions", fmt.Sprintf(`{"name":"measured:%d"}`, i))
			return err
		}); err != nil {
			return rightsTimes{}, err
		}
	}
	return rightsTimes{stats.Median(role), stats.Median(permission), stats.Median(read)}, nil
}

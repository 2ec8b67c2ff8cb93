package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/svc-users/svc-users/bench/bare"
	"github.com/svc-users/svc-users/bench/fill"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/target"
)

// site is an installation with a certain number of accounts.
type site struct {
	settings target.Settings
	plan     fill.Plan
	// starts are the cursors at which each place of each list begins, next those where it goes on.
	starts, next map[place]string
	// conn, token and pid are those of the service while it runs.
	conn  *load.Conn
	token string
	pid   int
}

const (
	// pageSize is that of the pages whose cost is taken, largestPage the most that may be asked for.
	pageSize    = 20
	largestPage = 100
	// sampleSize is how many accounts there are when the cursors into the midst of a list are taken; of the
	// smallest table, half.
	sampleSize = 2000
)

// buildSites fills a table of each size on each database, the databases at the same time.
func buildSites(ctx context.Context, r *run) (map[string][]*site, error) {
	hasher, err := bare.NewHasher(password, cheapCost)
	if err != nil {
		return nil, err
	}
	sites := map[string][]*site{}
	for _, database := range r.databases {
		for _, size := range r.scale.sizes {
			settings, err := r.places.Empty(r.binary, database, cheapCost)
			if err != nil {
				return nil, err
			}
			sites[database] = append(sites[database], &site{settings: settings, plan: plan(size, hasher), starts: map[place]string{}, next: map[place]string{}})
		}
	}
	took := map[string]*time.Duration{}
	group, ctx := errgroup.WithContext(ctx)
	for database, of := range sites {
		took[database] = new(time.Duration)
		group.Go(func() error {
			for _, s := range of {
				began := time.Now()
				if err := s.build(ctx); err != nil {
					return fmt.Errorf("%s: filling: %w", database, err)
				}
				*took[database] = time.Since(began)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, database := range r.databases {
		r.results.Notef("%s: %s accounts were inserted by SQL in %.1f s; they share one password hash",
			database, thousands(r.scale.sizes[len(r.scale.sizes)-1]), took[database].Seconds())
	}
	return sites, nil
}

// build fills a site. A cursor stays where it is while rows come, so the cursors into the midst of each list are taken
// while there is only a sample of the accounts: at full size, walking there would cost more than all that is
// measured.
func (s *site) build(ctx context.Context) error {
	if err := target.Migrate(ctx, s.settings); err != nil {
		return err
	}
	size := min(sampleSize, s.plan.Accounts/2)
	sampled := func(i int) bool { return i == 0 || s.plan.Sampled(i, size) }
	if err := filled(ctx, s.settings.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Roles(ctx), db.Accounts(ctx, s.plan, sampled))
	}); err != nil {
		return err
	}
	if err := serving(ctx, s.settings, func(svc *target.Service) error { return s.findPlaces(ctx, svc, sampled) }); err != nil {
		return err
	}
	return filled(ctx, s.settings.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Accounts(ctx, s.plan, func(i int) bool { return !sampled(i) }), db.Settle(ctx))
	})
}

// enter connects to the site's service.
func (s *site) enter(ctx context.Context, svc *target.Service) (err error) {
	s.pid = svc.PID()
	if s.token, err = svc.Token(ctx, s.plan.Account(0).Email, password); err != nil {
		return err
	}
	s.conn, err = load.Dial(ctx, svc.Addr())
	return err
}

// findPlaces walks through each list of the sample and keeps the cursors.
func (s *site) findPlaces(ctx context.Context, svc *target.Service, sampled func(int) bool) error {
	if err := s.enter(ctx, svc); err != nil {
		return err
	}
	defer s.conn.Close()
	matching := map[string]int{}
	for i := range s.plan.Accounts {
		if !sampled(i) {
			continue
		}
		for _, f := range filters() {
			if f.matches(s.plan.Account(i)) {
				matching[f.query]++
			}
		}
	}
	for _, l := range allLists() {
		cursor, passed := "", 0
		for _, d := range depths {
			for goal := matching[l.filter] * int(d) / 4; passed < goal; {
				size := min(largestPage, goal-passed)
				answer, _, err := s.fetch(l, url.Values{"cursor": {cursor}, "page_size": {strconv.Itoa(size)}})
				if err != nil {
					return err
				}
				if cursor = answer.Meta.NextCursor; cursor == "" || len(answer.Data) != size {
					return fmt.Errorf("%s ended after %d accounts", l, passed+len(answer.Data))
				}
				passed += size
			}
			s.starts[place{l, d}] = cursor
		}
	}
	return nil
}

// page reads the next page of 20 at a place, starting over where the list does not fill one any more, and returns how
// long the client waited for it.
func (s *site) page(l list, d depth) (time.Duration, error) {
	p := place{l, d}
	cursor, ok := s.next[p]
	if !ok {
		cursor = s.starts[p]
	}
	answer, took, err := s.fetch(l, url.Values{"cursor": {cursor}, "page_size": {strconv.Itoa(pageSize)}})
	switch {
	case err != nil:
		return 0, err
	case len(answer.Data) == pageSize && answer.Meta.NextCursor != "":
		s.next[p] = answer.Meta.NextCursor
		return took, nil
	case cursor == s.starts[p] && len(answer.Data) < pageSize:
		return 0, fmt.Errorf("%s: there is no full page %s", l, d)
	}
	delete(s.next, p)
	if len(answer.Data) < pageSize {
		return s.page(l, d)
	}
	return took, nil
}

// listed is the part of a list's answer that matters here. NextCursor is empty at the end.
type listed struct {
	Data []struct {
		ID    string `json:"id"`
		Email string `json:"email"`
	} `json:"data"`
	Meta struct {
		NextCursor string `json:"next_cursor"`
		TotalItems int    `json:"total_items"`
	} `json:"meta"`
}

// fetch asks for a part of a list and returns it with the time that the client waited.
func (s *site) fetch(l list, query url.Values) (part listed, took time.Duration, err error) {
	path := "/api/v1/accounts?sort=" + l.sort + "&" + query.Encode()
	if l.filter != "" {
		path += "&" + l.filter
	}
	request := load.Get(path, s.token)
	sent := time.Now()
	answer, err := s.conn.Do(request)
	took = time.Since(sent)
	if err == nil {
		err = answer.Expect(http.StatusOK)
	}
	if err == nil {
		err = json.Unmarshal(answer.Body, &part)
	}
	return part, took, err
}

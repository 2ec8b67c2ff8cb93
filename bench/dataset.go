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

// dataset is an installation with a certain number of accounts.
type dataset struct {
	settings target.Settings
	plan     fill.Plan
	// starts has the cursor at which each place of each list begins, next the cursor of its next page.
	starts, next map[place]string
	// conn, token and pid are those of the service while it runs.
	conn  *load.Conn
	token string
	pid   int
}

const (
	// pageSize is the page_size of measured pages, largestPage the largest that the API allows.
	pageSize    = 20
	largestPage = 100
	// sampleSize is the number of accounts when the cursors into the middle of a list are taken; at most half of the
	// smallest table.
	sampleSize = 2000
)

// buildDatasets fills a table of each size on each database, the databases at the same time.
func buildDatasets(ctx context.Context, r *run) (map[string][]*dataset, error) {
	hasher, err := bare.NewHasher(password, cheapCost)
	if err != nil {
		return nil, err
	}
	datasets := map[string][]*dataset{}
	for _, database := range r.databases {
		for _, size := range r.scale.sizes {
			settings, err := r.env.Empty(r.binary, database, cheapCost)
			if err != nil {
				return nil, err
			}
			datasets[database] = append(datasets[database], &dataset{settings: settings, plan: plan(size, hasher), starts: map[place]string{}, next: map[place]string{}})
		}
	}
	took := map[string]*time.Duration{}
	group, ctx := errgroup.WithContext(ctx)
	for database, of := range datasets {
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
	return datasets, nil
}

// build fills a dataset. A cursor keeps its position while rows are added, so the cursors into the middle of each list
// are taken while only a sample of the accounts exists: at full size, paging there would take longer than all
// measurements.
func (s *dataset) build(ctx context.Context) error {
	if err := target.Migrate(ctx, s.settings); err != nil {
		return err
	}
	size := min(sampleSize, s.plan.Accounts/2)
	sampled := func(i int) bool { return i == 0 || s.plan.Sampled(i, size) }
	if err := withDatabase(ctx, s.settings.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Roles(ctx), db.Accounts(ctx, s.plan, sampled))
	}); err != nil {
		return err
	}
	if err := withService(ctx, s.settings, func(svc *target.Service) error { return s.findPlaces(ctx, svc, sampled) }); err != nil {
		return err
	}
	return withDatabase(ctx, s.settings.DatabaseURL, func(db fill.Database) error {
		return errors.Join(db.Accounts(ctx, s.plan, func(i int) bool { return !sampled(i) }), db.Settle(ctx))
	})
}

// connect logs in to the dataset's service and opens the connection.
func (s *dataset) connect(ctx context.Context, svc *target.Service) (err error) {
	s.pid = svc.PID()
	if s.token, err = svc.Token(ctx, s.plan.Account(0).Email, password); err != nil {
		return err
	}
	s.conn, err = load.Dial(ctx, svc.Addr())
	return err
}

// findPlaces pages through each list of the sample and keeps the cursors.
func (s *dataset) findPlaces(ctx context.Context, svc *target.Service, sampled func(int) bool) error {
	if err := s.connect(ctx, svc); err != nil {
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

// page reads the next page of 20 at a place and returns how long the client waited for it. It begins again at the
// place's first cursor where fewer than 20 accounts are left.
func (s *dataset) page(l list, d depth) (time.Duration, error) {
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

// listed is the part of a list response that is used here. NextCursor is empty on the last page.
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

// fetch requests a page of a list and returns it with the time that the client waited.
func (s *dataset) fetch(l list, query url.Values) (part listed, took time.Duration, err error) {
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

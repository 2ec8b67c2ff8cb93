package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/svc-users/svc-users/bench/bare"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
	"github.com/svc-users/svc-users/bench/report"
	"github.com/svc-users/svc-users/bench/stats"
	"github.com/svc-users/svc-users/bench/target"
)

const refreshPath = "/api/v1/auth/refresh"

// clients refresh a session each, over a connection each, as fast as they are answered.
type clients struct {
	pool   load.Pool
	tokens []string // the refresh token that counts, by connection
}

// startClients logs a client in on each of conns connections.
func startClients(ctx context.Context, svc *target.Service, conns int, email func(int) string) (*clients, error) {
	pool, err := load.NewPool(ctx, svc.Addr(), conns)
	if err != nil {
		return nil, err
	}
	c := &clients{pool: pool}
	for k, conn := range pool {
		body, err := json.Marshal(map[string]any{"email": email(k), "password": password, "session": true})
		if err != nil {
			return nil, err
		}
		token, err := refreshToken(conn.Do(load.Send(http.MethodPost, "/api/v1/auth/login", "", string(body))))
		if err != nil {
			return nil, err
		}
		c.tokens = append(c.tokens, token)
	}
	return c, nil
}

// refreshToken takes the token out of an answer.
func refreshToken(a load.Answer, err error) (string, error) {
	if err == nil {
		err = a.Expect(http.StatusOK)
	}
	var envelope struct {
		Data struct {
			RefreshToken string `json:"refreshToken"`
		} `json:"data"`
	}
	if err == nil {
		err = json.Unmarshal(a.Body, &envelope)
	}
	if err == nil && envelope.Data.RefreshToken == "" {
		err = errors.New("the answer has no refresh token")
	}
	return envelope.Data.RefreshToken, err
}

// refresh has all clients refresh for a time, and returns how often they did.
func (c *clients) refresh(d time.Duration) (int, error) {
	until := time.Now().Add(d)
	counts, failed := make([]int, len(c.pool)), make([]error, len(c.pool))
	var running sync.WaitGroup
	for k, conn := range c.pool {
		running.Go(func() {
			for time.Now().Before(until) {
				next, err := refreshToken(conn.Do(load.Send(http.MethodPost, refreshPath, "", fmt.Sprintf(`{"refreshToken":%q}`, c.tokens[k]))))
				if err != nil {
					failed[k] = err
					return
				}
				c.tokens[k] = next
				counts[k]++
			}
		})
	}
	running.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	err := errors.Join(failed...)
	if err == nil && total == 0 {
		err = errors.New("nothing was refreshed")
	}
	return total, err
}

// refreshCPU compares the processor time of a refresh, which rotates the token, keeps it and signs an access token, with
// that of one bare RS256 signature, in turn.
func refreshCPU(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return err
	}
	return withService(ctx, s, func(svc *target.Service) error {
		c, err := startClients(ctx, svc, 1, cycleEmails(plan(few, hasher)))
		if err != nil {
			return err
		}
		defer c.pool.Close()
		var costs, signs []time.Duration
		var ratios []float64
		for round := range 1 + r.scale.cpuRounds {
			before, _, err := bare.RS256()
			if err != nil {
				return err
			}
			var n int
			spent, err := measureCPU(svc.PID(), func() (err error) {
				n, err = c.refresh(r.scale.cpuFor)
				return err
			})
			if err != nil {
				return err
			}
			after, _, err := bare.RS256()
			if err != nil {
				return err
			}
			if round == 0 {
				continue // it warms up what is made on first use
			}
			cost, sign := spent/time.Duration(n), (before+after)/2
			costs, signs, ratios = append(costs, cost), append(signs, sign), append(ratios, float64(cost)/float64(sign))
		}
		r.results.Add(report.Row{
			Key: "refresh.cpu", What: "CPU per refresh of a session", Database: database, Figure: micros(stats.Median(costs)), Unit: "µs",
			Bare: micros(stats.Median(signs)), BareName: "RS256 signature", Ratio: stats.Median(ratios), Goal: report.Max(report.Ratio, 1.3),
		})
		return nil
	})
}

// refreshReplicas compares the refreshes per second of two replicas, each limited to a part of a core, with those of one.
func refreshReplicas(ctx context.Context, r *run, database string) error {
	s, hasher, err := r.env.Installed(ctx, r.binary, database, cheapCost)
	if err != nil {
		return err
	}
	email := cycleEmails(plan(few, hasher))
	return r.env.replicas(ctx, s, 2, func(replicas []*target.Service) (err error) {
		var each [2]*clients
		for i, svc := range replicas {
			if each[i], err = startClients(ctx, svc, replicaConns, func(k int) string { return email(i*replicaConns + k) }); err != nil {
				return err
			}
			defer each[i].pool.Close()
		}
		both := &clients{pool: append(append(load.Pool{}, each[0].pool...), each[1].pool...)}
		for _, svc := range replicas {
			_, release, err := machine.Hold(svc.PID(), heldTo)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
		}
		var alone, together, ratios []float64
		for round := range 1 + r.scale.heldRounds {
			one, err := each[0].refresh(r.scale.heldFor)
			if err != nil {
				return err
			}
			both.tokens = append(append([]string{}, each[0].tokens...), each[1].tokens...)
			two, err := both.refresh(r.scale.heldFor)
			if err != nil {
				return err
			}
			copy(each[0].tokens, both.tokens)
			copy(each[1].tokens, both.tokens[replicaConns:])
			if round == 0 {
				continue
			}
			a, b := float64(one)/r.scale.heldFor.Seconds(), float64(two)/r.scale.heldFor.Seconds()
			alone, together, ratios = append(alone, a), append(together, b), append(ratios, b/a)
		}
		r.results.Add(report.Row{
			Key: "refresh.replicas", What: fmt.Sprintf("refreshes per second by 2 replicas, each held to %.0f %% of a core", 100*heldTo), Database: database,
			Figure: stats.Median(together), Unit: "/s", Bare: stats.Median(alone), BareName: "by one of them", Ratio: stats.Median(ratios), Goal: report.Min(report.Ratio, 1.8),
		})
		return nil
	})
}

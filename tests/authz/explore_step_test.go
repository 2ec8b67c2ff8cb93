package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/svc-users/svc-users/internal/apitest"
)

// play sends the request of a step and holds everything against the model.
func (r *running) play(s step) {
	if s.Op == "follow" {
		r.follow()
		return
	}
	who, c := r.who(s), s.call()
	if of, ok := c.text("token"); ok && r.known[of] == "" {
		r.known[of] = garbage // there is no such account, or it has had one token only
	}
	replica := s.Replica % len(r.replicas)
	r.base = r.s
	began := time.Now()
	answer := r.replicas[replica].Send(r, r.request(r.tokenOf(who), c))
	r.answers[answer.Status]++
	fmt.Fprintf(&r.trace, "%s at %d: %s on %s → %d %s\n", s.As, replica, describe(c), c.target, answer.Status, answer.Message)
	want := judge(r.s, who, c)
	next, was := want.next, r.seen
	if s.Dry {
		next = r.s
		if want.status < 300 {
			want.status, want.message = 200, rehearsed
		}
	}
	r.learn(answer, c, next)
	r.answered(answer, s, cell{who: who, call: c}, want, r.stale(replica, began))
	r.foretold(s, answer.Status)
	now := r.rows.look(r, r.house)
	r.changed(was, now, next, answer.Status, who.account)
	r.advance(next, now, replica)
}

// answered checks an answer. Where it says yes, or is about the form of a request, it may be that of a state which
// the replica has heard of within the last second.
func (r *running) answered(a *apitest.Answer, s step, c cell, want verdict, stale []epoch) {
	problem := r.disagrees(a, want, c.who)
	if problem == "" {
		tried := &recorder{TB: r.TB}
		if s.Dry {
			r.foretells(tried, a, want)
		} else {
			r.shows(tried, a, c, want.next)
		}
		problem = strings.Join(tried.problems, "\n")
	}
	if problem == "" {
		return
	}
	for _, past := range stale {
		if then := judge(past.state, c.who, c.call); r.disagrees(a, then, c.who) == "" {
			if reads := then.next.equal(past.state); then.status < 300 && reads || then.status == 422 {
				return
			}
		}
	}
	r.Errorf("%s", problem)
}

// stale lists the states that a replica may still go by: those that another one has ended less than a second before.
func (r *running) stale(replica int, began time.Time) []epoch {
	for i, e := range r.past {
		if e.by == replica || began.Sub(e.ended) > time.Second {
			return r.past[:i]
		}
	}
	return r.past
}

// foretells checks what a dry run says would change.
func (r *running) foretells(t testing.TB, a *apitest.Answer, want verdict) {
	if a.Status != 200 {
		return
	}
	var got impact
	a.Into(t, &got)
	if shown, expected := r.told(got), r.s.impact(want.next); shown != expected {
		t.Errorf("the dry run shows\n%s\nand what would change is\n%s", shown, expected)
	}
	if a.Header.Get("Location") != "" {
		t.Errorf("a dry run has a Location")
	}
}

// foretold: "everything is checked, and refused, as in earnest, with the same status".
func (r *running) foretold(s step, status int) {
	if d := r.dried; d != nil {
		same := *d
		same.Dry, same.New = false, s.New
		if fmt.Sprint(same) == fmt.Sprint(s) && status != r.dryStatus && (status != 201 || r.dryStatus != 200) {
			r.Errorf("the dry run was answered with %d, and the same in earnest with %d", r.dryStatus, status)
		}
	}
	if r.dried = nil; s.Dry {
		r.dried, r.dryStatus = &s, status
	}
}

// learn gives what a request has created the name that it has in the model.
func (r *running) learn(a *apitest.Answer, c call, next state) {
	switch {
	case a.Status == 201:
		r.know(c.created(), a.Text(r, "id"))
	case a.Status == 200 && c.op == "applyDeclaration":
		now := r.rows.look(r, r.house).state
		for id, p := range next.Permissions {
			if made := now.permissionNamed(p.Name); r.ids[id] == "" && made != "" {
				r.know(id, made)
			}
		}
		for id, role := range next.Roles {
			if made := now.roleNamed(role.Name); r.ids[id] == "" && made != "" {
				r.know(id, made)
			}
		}
	}
}

// changed compares the database with the model, and looks for what must never be.
func (r *running) changed(was, now dump, next state, status int, who string) {
	if (status >= 300 || next.equal(r.s)) && now.raw != was.raw {
		r.Errorf("something has changed, and nothing may: %s", cmp.Diff(was.raw, now.raw))
	}
	shown := next.clone()
	for id, a := range shown.Accounts {
		got := now.state.Accounts[id]
		// A version only rises; by how much is not for clients to know.
		switch before := r.s.Accounts[id]; {
		case a.Version == before.Version && got.Version != a.Version, a.Version > before.Version && got.Version <= before.Version:
			r.Errorf("the version of %s went from %d to %d", id, before.Version, got.Version)
		}
		a.Password, a.Version = "", got.Version
		shown.Accounts[id] = a
		if kept, there := next.Accounts[id]; there {
			kept.Version = got.Version
			next.Accounts[id] = kept
			got.Password = kept.Password
		}
		if _, there := now.state.Accounts[id]; there {
			now.state.Accounts[id] = got
		}
	}
	compared := now.state.clone()
	for id, a := range compared.Accounts {
		a.Password = ""
		compared.Accounts[id] = a
	}
	if !shown.equal(compared) {
		r.Errorf("the state (-want +got):\n%s", cmp.Diff(shown, compared))
	}
	if problem := r.coalition.breaks(r.s, now.state, who); problem != "" {
		r.Errorf("%s", problem)
	}
}

// advance goes on to the next state.
func (r *running) advance(next state, now dump, replica int) {
	if !next.equal(r.s) {
		r.past = slices.Insert(r.past, 0, epoch{r.s, time.Now(), replica})
	}
	r.s, r.seen = next, now
	r.remember()
}

// end looks once more, through the API.
func (r *running) end() {
	r.follow()
	able := true
	for _, list := range everything {
		able = able && r.s.may(reader, list+":read")
	}
	if able {
		r.reader = r.tokenOf(caller{reader, r.s.Accounts[reader].Version})
		if problem := r.look(r).differs(r.s); problem != "" {
			r.Errorf("the lists do not show the state (-want +got):\n%s", problem)
		}
	}
}

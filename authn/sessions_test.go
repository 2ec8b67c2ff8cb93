package authn

import (
	"testing"
	"time"
)

// the ids of two sessions
const (
	phone  = "0199e7a0-0000-7000-8000-0000000000f1"
	laptop = "0199e7a0-0000-7000-8000-0000000000f2"
)

// A session that has ended takes its own tokens with it and no others, also while the feed is lost.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	v := follow(t, f, func(o *Options) { o.Changes.WhenLost = TokensAlone })
	awaitChanges(t, v)
	onPhone, onLaptop := tokenOf(ada, member{"sid": phone}), tokenOf(ada, member{"sid": laptop})
	becomes(t, "the phone", v, onPhone, asManager)
	becomes(t, "the laptop", v, onLaptop, asManager)
	if p, err := v.Verify(t.Context(), onPhone); err != nil || p.Session != phone {
		t.Errorf("the principal is of the session %q (%v)", p.Session, err)
	}
	f.tells(endedOf(phone, time.Now().Add(time.Hour)))
	becomes(t, "the phone after its session", v, onPhone, "401")
	becomes(t, "the laptop after that", v, onLaptop, asManager)
	becomes(t, "a token without a session", v, tokenOf(ada, nil), asManager)

	f.CloseClientConnections()
	f.Close()
	eventually(t, "the feed is lost", v.Lost)
	if got := can(v, onPhone); got != "401" {
		t.Errorf("without the feed the token of an ended session is %s", got)
	}
	if got := can(v, onLaptop); got == "401" {
		t.Error("without the feed the token of another session is refused")
	}
}

// A service from before there were sessions does not tell of any.
func TestStatementsWithoutSessions(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.set(func() { f.edit = func(p member) { delete(p, "sessions") } })
	v := follow(t, f, nil)
	becomes(t, "without sessions", v, tokenOf(ada, nil), asManager)
}

// What is kept of ended sessions goes when no token of them can be valid.
func TestEndedSessionsAreForgotten(t *testing.T) {
	t.Parallel()
	limits := &Changes{MaxAccounts: 10, MaxRoles: 10, MaxPermissions: 10, MaxAssignments: 10}
	one, _ := parseID(phone)
	two, _ := parseID(laptop)
	now := time.Unix(1_800_000_000, 0)
	at := func(d time.Duration, sessions map[id]int64) *statement {
		return &statement{issued: now.Add(d), cursor: "c", sessions: sessions}
	}
	first := at(0, map[id]int64{one: now.Add(time.Minute).Unix(), two: now.Add(time.Hour).Unix()})
	first.reset = true
	facts, err := (*facts)(nil).after(first, limits)
	if err != nil || facts.ended.count != 2 {
		t.Fatalf("%d sessions have ended (%v)", facts.ended.count, err)
	}
	facts.share()
	before := facts
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{30 * time.Second, 2}, {2 * time.Minute, 1}, {2 * time.Hour, 0}} {
		if facts, err = facts.after(at(step.after, nil), limits); err != nil || facts.ended.count != step.want {
			t.Errorf("%v later %d are kept (%v), want %d", step.after, facts.ended.count, err, step.want)
		}
	}
	if _, still := before.ended.get(one); !still || before.ended.count != 2 {
		t.Error("facts that others read have changed")
	}
}

package gateway_test

import (
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// tickingService is a service by whose clock each request comes a second after the one before, so that as many
// cursors as one likes can be made up.
func tickingService(t *testing.T) *apitest.Service {
	t.Helper()
	var seconds atomic.Int64
	base := time.Now()
	return apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Now = func() time.Time { return base.Add(time.Duration(seconds.Add(1)) * time.Second) }
		apitest.ReplaceService(o, users.New(ports))
	}})
}

// Whatever is no cursor of this database begins anew, and says so; one of ours that was changed, too, or tells what
// was known already.
func TestChangesForgedCursors(t *testing.T) {
	t.Parallel()
	svc, other := tickingService(t), apitest.Start(t, apitest.Options{})
	for _, s := range []*apitest.Service{svc, other} {
		person := s.NewAccount(t, s.NewRole(t, ""))
		s.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	}
	f, g := newFollower(svc), newFollower(other)
	f.catchUp(t)
	g.catchUp(t)
	// With the digest of the moment as it is it would say that all is known, and need not be looked into.
	parts := strings.Split(f.cursor, ".")
	parts[5] = "AAAAAAAAAAAAAAAA"
	with := func(i int, part string) string {
		changed := append([]string{}, parts...)
		changed[i] = part
		return strings.Join(changed, ".")
	}
	later := func(s string, by int64) string {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(n+by, 10)
	}
	for what, cursor := range map[string]string{
		"of another database":         g.cursor,
		"garbage":                     "garbage",
		"dots":                        "....",
		"long":                        strings.Repeat("x", 256),
		"markup":                      `"><script>alert(1)</script>`,
		"no ASCII":                    "größer",
		"a line break":                "a\r\nSet-Cookie: b",
		"a quote":                     `a"b`,
		"cut":                         f.cursor[:len(f.cursor)-1],
		"longer":                      f.cursor + "A",
		"with a space":                f.cursor + " ",
		"a leading zero":              "0" + f.cursor,
		"a negative slot":             with(0, "-"+parts[0]),
		"a slot past all":             with(0, "99999999999999999999"),
		"a position past the last":    with(1, later(parts[1], 1)),
		"one before":                  with(1, later(parts[1], -1)),
		"the last position there is":  with(1, "9223372036854775807"),
		"a negative position":         with(1, "-1"),
		"another's mark":              with(2, "0d7c1f52-1111-4222-8333-abcdefabcdef"),
		"no mark":                     with(2, "-"),
		"a kind that there is not":    with(3, "1x"+svc.AdminRole),
		"inside what is no role":      with(3, "1p"+svc.AdminRole+"+x"),
		"inside an account":           with(4, "1a"+svc.AdminID+"+"+svc.AdminID),
		"no places":                   with(3, ""),
		"no moment":                   with(5, ""),
		"with other text as a moment": with(5, "!!!!!!!!!!!!!!!!"),
	} {
		answer := svc.Get(t, changesPath+"?wait_ms=5000&after="+url.QueryEscape(cursor)).Want(t, 200, "")
		s, err := openStatement(svc, answer.Text(t, "statement"))
		if err != nil || !s.Reset || s.After != cursor || len(s.Accounts) != 1 || len(s.Roles) != 2 || !s.More {
			t.Errorf("%s: %+v %v", what, s, err)
		}
	}
	for what, c := range map[string]struct {
		cursor          string
		accounts, roles int
	}{
		"an earlier slot":        {with(0, later(parts[0], -5)), 0, 0},
		"a far later slot":       {with(0, later(parts[0], 500)), 0, 0},
		"accounts from before":   {with(4, "0"), 1, 0},
		"roles from before":      {with(3, "0"), 0, 2},
		"all from before":        {strings.Join([]string{parts[0], parts[1], parts[2], "0", "0", "-"}, "."), 1, 2},
		"inside a role":          {with(3, "1r"+svc.AdminRole+"+"+svc.AdminID), 0, 2},
		"past what there is":     {with(3, "9223372036854775807"), 0, 0},
		"of no moment":           {with(5, "-"), 0, 0},
		"with no slot":           {with(0, "0"), 0, 0},
		"an account of no place": {with(4, "1a"+svc.AdminID), 1, 0},
	} {
		answer := svc.Get(t, changesPath+"?after="+url.QueryEscape(c.cursor)).Want(t, 200, "")
		s, err := openStatement(svc, answer.Text(t, "statement"))
		if err != nil || s.Reset || s.After != c.cursor || len(s.Accounts) != c.accounts || len(s.Roles) != c.roles || s.More {
			t.Errorf("%s: %+v %v", what, s, err)
		}
	}
}

// An account that makes up cursors gets one a second answered, and is told to begin without one; that it always can,
// and so can all others meanwhile.
func TestChangesMadeUpCursorsAreFew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Now = func() time.Time { return now }
		apitest.ReplaceService(o, users.New(ports))
	}})
	ask := func(after string, status int) *apitest.Answer {
		t.Helper()
		return svc.Get(t, changesPath+"?after="+after).Want(t, status, "")
	}
	ask("made-up", 200)
	ask("made-up", 200)
	if retry := ask("another", 429).Header.Get("Retry-After"); retry != "1" {
		t.Errorf("Retry-After %q", retry)
	}
	ask("1.1.0d7c1f52-1111-4222-8333-abcdefabcdef.-.-.AAAAAAAAAAAAAAAA", 429)
	cursor := ask("", 200).Text(t, "cursor")
	ask(cursor, 200)
	ask("", 200)
}

// A backup that was restored is at a place that has not come yet: who has seen more must begin anew, also when as
// much has happened since as was undone.
func TestChangesAfterRestore(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	role := svc.NewRole(t, "")
	ada, bob := svc.NewAccount(t, role), svc.NewAccount(t, role)
	disable := func(a apitest.Account) {
		t.Helper()
		svc.Patch(t, "/api/v1/accounts/"+a.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	}
	f := newFollower(svc)
	disable(ada)
	f.catchUp(t)
	// What the restore of a backup from before does to the tables, the stamps included.
	restore := `UPDATE authorization_stamp SET position = position - 1, account_stamp = 'that of then'`
	svc.Exec(t, `UPDATE accounts SET is_active = '1', token_version = 1 WHERE id = '`+ada.ID+`'`, restore, restore,
		`DELETE FROM account_changes WHERE account_id = '`+ada.ID+`'`,
		`DELETE FROM change_marks WHERE position >= (SELECT position FROM authorization_stamp)`)
	disable(bob)
	if _, s := f.next(t, 0); !s.Reset || len(s.Accounts) != 1 {
		t.Errorf("after a restore: %+v", s)
	}
	if e, told := f.accounts[ada.ID]; told || f.accounts[bob.ID].version != 0 {
		t.Errorf("after a restore the follower knows %+v of an account that was not changed", e)
	}
}

package httpapi_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// Whatever is no cursor of this database begins anew, and says so; one of ours that was changed, too, or tells what
// was known already.
func TestChangesForgedCursors(t *testing.T) {
	t.Parallel()
	svc, other := apitest.Start(t, apitest.Options{}), apitest.Start(t, apitest.Options{})
	for _, s := range []*apitest.Service{svc, other} {
		person := s.NewAccount(t, s.NewRole(t, ""))
		s.Patch(t, "/api/v1/accounts/"+person.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	}
	f, g := newFollower(svc), newFollower(other)
	f.catchUp(t)
	g.catchUp(t)
	// With the digest of the accounts as they are it would say that all is known, and need not be looked into.
	parts := strings.Split(f.cursor, ".")
	parts[4] = "AAAAAAAAAAAAAAAA"
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
		"of another database":     g.cursor,
		"garbage":                 "garbage",
		"dots":                    "....",
		"long":                    strings.Repeat("x", 256),
		"markup":                  `"><script>alert(1)</script>`,
		"no ASCII":                "größer",
		"a line break":            "a\r\nSet-Cookie: b",
		"a quote":                 `a"b`,
		"cut":                     f.cursor[:len(f.cursor)-1],
		"longer":                  f.cursor + "A",
		"with a space":            f.cursor + " ",
		"a leading zero":          "0" + f.cursor,
		"a negative slot":         with(0, "-"+parts[0]),
		"a slot past all":         with(0, "99999999999999999999"),
		"a place past the last":   with(1, later(parts[1], 1)),
		"the last place there is": with(1, "9223372036854775807"),
		"a negative place":        with(1, "-1"),
		"another's place":         with(2, svc.AdminID),
		"nobody's place":          with(2, "-"),
		"in capitals":             strings.ToUpper(f.cursor + "a"),
		"with no roles":           with(3, ""),
		"with other text":         with(3, "!!!!!!!!!!!!!!!!"),
	} {
		answer := svc.Get(t, changesPath+"?wait_ms=5000&after="+url.QueryEscape(cursor)).Want(t, 200, "")
		s, err := openStatement(svc, answer.Text(t, "statement"))
		if err != nil || !s.Reset || s.After != cursor || len(s.Accounts) != 1 || len(s.Roles) != 2 || s.More {
			t.Errorf("%s: %+v %v", what, s, err)
		}
	}
	for what, c := range map[string]struct {
		cursor          string
		accounts, roles int
	}{
		"an earlier slot":    {with(0, later(parts[0], -5)), 0, 0},
		"a far later slot":   {with(0, later(parts[0], 500)), 0, 0},
		"from the beginning": {strings.Join([]string{parts[0], "0", "-", parts[3], "-"}, "."), 1, 0},
		"with other roles":   {with(3, "AAAAAAAAAAAAAAAA"), 0, 2},
		"with no slot":       {with(0, "0"), 0, 0},
	} {
		answer := svc.Get(t, changesPath+"?after="+c.cursor).Want(t, 200, "")
		s, err := openStatement(svc, answer.Text(t, "statement"))
		if err != nil || s.Reset || s.After != c.cursor || len(s.Accounts) != c.accounts || len(s.Roles) != c.roles {
			t.Errorf("%s: %+v %v", what, s, err)
		}
	}
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
	byHand(t, svc, `UPDATE accounts SET is_active = '1', token_version = 1 WHERE id = '`+ada.ID+`'`, restore, restore,
		`DELETE FROM account_changes WHERE account_id = '`+ada.ID+`'`)
	disable(bob)
	if _, s := f.next(t, 0); !s.Reset || len(s.Accounts) != 1 {
		t.Errorf("after a restore: %+v", s)
	}
	if e, told := f.accounts[ada.ID]; told || f.accounts[bob.ID].least != 0 {
		t.Errorf("after a restore the follower knows %+v of an account that was not changed", e)
	}
}

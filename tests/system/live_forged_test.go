package system

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// stranger connects as a user of the database without rights to any of its tables.
func stranger(t *testing.T, database string) *sql.Conn {
	t.Helper()
	db, name := byHand(t, database), "svc_users_"+strings.ReplaceAll(unique("stranger"), "-", "_")+fmt.Sprint(time.Now().UnixNano())
	run(t, db, `CREATE ROLE `+name, `GRANT `+name+` TO CURRENT_USER`)
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		run(t, db, `DROP ROLE `+name)
	})
	runOn(t, conn, `SET ROLE `+name)
	return conn
}

func runOn(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// A database user without rights to the tables forges notifications after a right was revoked: with payloads that once
// made a replica grant it for good, over the channel name that could be guessed then, and over the real one. Both
// replicas keep the limit of a second, and their later answers are right.
func TestLiveForgedNotifications(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.URL(t))
	c := join(t, database, serve(t, database, "--demo"), serve(t, database))
	db, forger := byHand(t, database), stranger(t, database)
	s := c.newSubject(steady)
	s.watchFor = liveLimit * 13 / 10
	y := c.newPerson(c.roles["User"])
	stamps := func() (roles, accounts string) {
		parts := strings.Fields(one(t, db, `SELECT stamp || ' ' || account_stamp FROM authorization_stamp`))
		return parts[0], parts[1]
	}
	channels := []string{
		one(t, db, `SELECT 'svc_users_' || tableoid FROM authorization_stamp`),
		one(t, db, `SELECT change_channel(channel, tableoid, '') FROM authorization_stamp`),
	}
	for i, name := range []string{
		"an account is disabled", "an account is deleted", "an administrator changes the password", "an account gets another role", "a role loses a permission",
	} {
		l := losses[slices.IndexFunc(losses, func(l loss) bool { return l.name == name })]
		for _, r := range c.replicas() {
			r.want(http.StatusOK, http.MethodGet, s.path, s.token, nil)
			r.want(http.StatusOK, http.MethodGet, s.path[:strings.IndexByte(s.path, '?')], y.token, nil)
		}
		c.awaitLeases()
		r0, a0 := stamps()
		x, token := s.id, s.token
		s.loses(l, func() {
			r1, a1 := stamps()
			sequence := []string{"a " + a0 + " " + x, "a " + a1 + " " + y.id, "a " + a0 + " " + y.id}
			if r0 != r1 {
				sequence = append(sequence, "r "+r0)
			}
			for _, channel := range channels {
				if i%2 == 0 {
					runOn(t, forger, `BEGIN`)
				}
				for _, payload := range sequence {
					runOn(t, forger, `NOTIFY "`+channel+`", '`+payload+`'`)
				}
				if i%2 == 0 {
					runOn(t, forger, `COMMIT`)
				}
			}
			time.Sleep(liveLimit)
			c.ask(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+y.id, map[string]any{"email": newEmail()}) // a real change
			time.Sleep(liveLimit / 4)
			for _, r := range c.replicas() {
				if a := r.send(http.MethodGet, s.path, token, nil); !a.is(l.status) {
					t.Errorf("%s: forward answers %d", name, a.status)
				}
				me := r.me(token)
				if want := http.StatusOK; l.status == http.StatusForbidden && (!me.is(want) || strings.Contains(string(me.body), s.name)) {
					t.Errorf("%s: me answers %d %s", name, me.status, me.body)
				}
				if l.status == http.StatusUnauthorized && !me.is(l.status) {
					t.Errorf("%s: me answers %d", name, me.status)
				}
				if told := introspect(t, r, c.admin.token, token); (l.status == http.StatusUnauthorized) != (strings.TrimSpace(told) == `{"active":false}`) || strings.Contains(told, s.name) {
					t.Errorf("%s: introspection answers %s", name, told)
				}
			}
		})
		if t.Failed() {
			break
		}
	}
	report(t, "with forged notifications", s.lasts)
}

// introspect returns the body of a replica's introspection response (RFC 7662) for a token.
func introspect(t *testing.T, s *server, bearer, token string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.host+"/oauth2/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+bearer)
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The same user takes every lock that it can, and keeps them.
func TestLocksOfStrangers(t *testing.T) {
	t.Parallel()
	database := withPassword(t, pgtest.URL(t))
	c := newCluster(t, database)
	runOn(t, stranger(t, database), `SELECT pg_advisory_lock(8319946408508745074)`, `SELECT pg_advisory_lock(8319946408373872498)`,
		`SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 2000) n`)
	for _, r := range c.replicas() {
		r.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
		c.newPerson(c.roles["User"])
	}
	third := serve(t, database)
	third.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
	third.want(http.StatusCreated, http.MethodPost, "/api/v1/roles", c.admin.token, map[string]any{"name": unique("Role")})
}

// The row of the revisions is deleted by hand, again and again under load: it is made anew, and no answer is 500.
func TestStampsDeletedByHand(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		db := byHand(t, database)
		watched := c.bystander(steady)
		for range 5 {
			run(t, db, `DELETE FROM authorization_stamp`)
			c.newPerson(c.roles["User"])
			run(t, db, `DELETE FROM authorization_stamp`)
			for _, r := range c.replicas() {
				r.want(http.StatusOK, http.MethodGet, "/readyz", "", nil)
				r.want(http.StatusOK, http.MethodGet, "/api/v1/auth/me", c.admin.token, nil)
			}
			run(t, db, `DELETE FROM authorization_stamp`)
			c.newRole(nil)
		}
		watched.end()
		watched.always("an account without losses", http.StatusOK, http.StatusServiceUnavailable)
		if n := one(t, db, `SELECT count(*) FROM authorization_stamp`); n != "1" {
			t.Errorf("there are %s rows of stamps", n)
		}
	})
}

package authn

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxStatementAge is the largest age of the newest statement at which the facts are valid. The service signs a new one
// every 10 seconds even without changes, so that a proxy cannot replay 304 and withhold changes; the rest is leeway.
const maxStatementAge = time.Minute

var (
	errOutdated  = errors.New("the newest statement is older than a minute; do the clocks agree?")
	errFuture    = errors.New("the statement is signed in the future; do the clocks agree?")
	errChain     = errors.New("the statement does not continue what was told before")
	errStatement = errors.New("the statement holds no cursor, or names a role, an account, a session, a version or a key wrongly")
)

// statement is a signed list of the changes since a cursor.
type statement struct {
	issued        time.Time
	after, cursor string
	reset, more   bool
	permissions   []toldPermission
	roles         []toldRole
	accounts      map[id]account
	sessions      map[id]int64 // those that have ended, and until when a token of one may be valid, in Unix seconds
	signer        string       // kid of the key that has signed it
	keys          *keyList     // nil where none is told
}

// toldPermission has the name of a permission. Without a name the permission does not exist.
type toldPermission struct {
	id   id
	name string
}

// toldRole has a role without what it inherits. Without a name the role does not exist.
type toldRole struct {
	id          id
	name        string
	parent      id   // zero is none
	all         bool // it holds every permission that there is
	continued   bool // permissions come on top of those told before
	permissions []id
}

// readStatement verifies and reads a statement, a compact JWS, that answers a request with the cursor asked. last is the
// list of keys that was told before.
func (v *Verifier) readStatement(ctx context.Context, compact, asked string, last *keyList) (*statement, error) {
	var signer string
	payload, _, err := v.open(compact, func(kid string) (publicKey, error) {
		signer = kid
		return v.statementKey(ctx, kid, last)
	}, statementType)
	if err != nil {
		return nil, fmt.Errorf("the statement does not count: %w", err)
	}
	return v.parseStatement(payload, asked, signer)
}

// parseStatement reads a payload whose signature by the key signer is verified.
func (v *Verifier) parseStatement(payload []byte, asked, signer string) (*statement, error) {
	o, err := parseObject(payload)
	if err == nil {
		err = v.addressed(o)
	}
	if err != nil {
		return nil, fmt.Errorf("the statement does not count: %w", err)
	}
	r := reader{o: o}
	s := &statement{
		issued: r.time("iat"), after: r.text("after"), cursor: r.text("cursor"),
		reset: r.flag("reset"), more: r.flag("more"), signer: signer,
	}
	if r.err == nil {
		s.permissions, r.err = readPermissions(o)
	}
	if r.err == nil {
		s.roles, r.err = readRoles(o)
	}
	if r.err == nil {
		s.accounts, r.err = readAccounts(o, s.issued)
	}
	if r.err == nil {
		s.sessions, r.err = readSessions(o)
	}
	if r.err == nil {
		s.keys, r.err = readKeyList(o, signer, v.keys.clock())
	}
	switch {
	case r.err != nil:
		return nil, r.err
	case s.cursor == "":
		return nil, errStatement
	case s.after != asked:
		return nil, errChain
	}
	return s, s.datedBy(v.options.Now())
}

// datedBy returns an error unless the statement was signed at about now.
func (s *statement) datedBy(now time.Time) error {
	switch {
	case now.Sub(s.issued) > maxStatementAge:
		return errOutdated
	case s.issued.Sub(now) > leeway:
		return errFuture
	}
	return nil
}

// Each of what is told of is there once, and of a name that is null there is none.

func readPermissions(o object) ([]toldPermission, error) {
	list, err := o.objects("permissions")
	if err != nil {
		return nil, err
	}
	told, seen := make([]toldPermission, len(list)), make(map[id]bool, len(list))
	for i, one := range list {
		r := reader{o: one}
		p := toldPermission{id: r.id("id"), name: r.optionalText("name")}
		if r.err != nil {
			return nil, r.err
		}
		if seen[p.id] {
			return nil, errStatement
		}
		told[i], seen[p.id] = p, true
	}
	return told, nil
}

func readRoles(o object) ([]toldRole, error) {
	list, err := o.objects("roles")
	if err != nil {
		return nil, err
	}
	told, seen := make([]toldRole, len(list)), make(map[id]bool, len(list))
	for i, one := range list {
		r := reader{o: one}
		role := toldRole{
			id: r.id("id"), name: r.optionalText("name"), parent: r.optionalID("parent"), all: r.flag("all"), continued: r.flag("continued"),
		}
		names := r.texts("permissions")
		if r.err != nil {
			return nil, r.err
		}
		role.permissions = make([]id, len(names))
		for j, text := range names {
			u, ok := parseID(text)
			if !ok {
				return nil, errStatement
			}
			role.permissions[j] = u
		}
		if seen[role.id] {
			return nil, errStatement
		}
		told[i], seen[role.id] = role, true
	}
	return told, nil
}

func readAccounts(o object, issued time.Time) (map[id]account, error) {
	list, err := o.objects("accounts")
	if err != nil {
		return nil, err
	}
	accounts := make(map[id]account, len(list))
	for _, one := range list {
		r := reader{o: one}
		u, a := r.id("id"), account{signed: issued.Unix(), role: r.optionalID("role")}
		if v, there := one["ver"]; there && v == nil {
			a.none = true
		} else if a.version = r.integer("ver"); r.err == nil && a.version < 1 {
			r.err = errStatement
		}
		if r.err != nil {
			return nil, r.err
		}
		if _, twice := accounts[u]; twice {
			return nil, errStatement
		}
		accounts[u] = a
	}
	return accounts, nil
}

// readSessions reads the sessions that have ended. A service from before there were sessions tells of none.
func readSessions(o object) (map[id]int64, error) {
	if _, there := o["sessions"]; !there {
		return nil, nil
	}
	list, err := o.objects("sessions")
	if err != nil {
		return nil, err
	}
	sessions := make(map[id]int64, len(list))
	for _, one := range list {
		r := reader{o: one}
		u, until := r.id("sid"), r.time("until")
		if r.err != nil {
			return nil, r.err
		}
		if _, twice := sessions[u]; twice {
			return nil, errStatement
		}
		sessions[u] = until.Unix()
	}
	return sessions, nil
}

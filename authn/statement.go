package authn

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxStatementAge is how old the newest statement may be for what was heard to count. The service signs a new one every
// 10 seconds though nothing changes, so that nobody in between can go on saying that nothing did; the rest is leeway.
const maxStatementAge = time.Minute

var (
	errOutdated  = errors.New("the newest statement is older than a minute; do the clocks agree?")
	errFuture    = errors.New("the statement is signed in the future; do the clocks agree?")
	errChain     = errors.New("the statement does not continue what was told before")
	errStatement = errors.New("the statement holds no cursor, or names a role, an account or a version wrongly")
)

// statement is what the service says has changed since a cursor.
type statement struct {
	issued        time.Time
	after, cursor string
	reset, more   bool
	roles         map[id]*role // nil where they are as before
	accounts      map[id]account
}

// readStatement verifies and reads what the service has signed in answer to who asked after a cursor.
func (v *Verifier) readStatement(ctx context.Context, compact, asked string) (*statement, error) {
	payload, err := v.open(ctx, compact, statementType)
	if err != nil {
		return nil, fmt.Errorf("the statement does not count: %w", err)
	}
	return v.parseStatement(payload, asked)
}

// parseStatement reads a payload whose signature is good.
func (v *Verifier) parseStatement(payload []byte, asked string) (*statement, error) {
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
		reset: r.flag("reset"), more: r.flag("more"),
	}
	if r.err == nil {
		s.roles, r.err = readRoles(o)
	}
	if r.err == nil {
		s.accounts, r.err = readAccounts(o, s.issued)
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

// datedBy says why a statement is not of now, or nil.
func (s *statement) datedBy(now time.Time) error {
	switch {
	case now.Sub(s.issued) > maxStatementAge:
		return errOutdated
	case s.issued.Sub(now) > leeway:
		return errFuture
	}
	return nil
}

// readRoles returns nil where the statement has no roles.
func readRoles(o object) (map[id]*role, error) {
	if _, there := o["roles"]; !there {
		return nil, nil
	}
	list, err := o.objects("roles")
	if err != nil {
		return nil, err
	}
	roles, names := make(map[id]*role, len(list)), make(map[string]bool, len(list))
	for _, one := range list {
		r := reader{o: one}
		u, ok := parseID(r.text("id"))
		name, permissions := r.text("name"), r.texts("permissions")
		if r.err != nil {
			return nil, r.err
		}
		if !ok || name == "" || roles[u] != nil || names[name] {
			return nil, errStatement
		}
		roles[u], names[name] = &role{name: name, permissions: sorted(permissions)}, true
	}
	return roles, nil
}

func readAccounts(o object, issued time.Time) (map[id]account, error) {
	if _, there := o["accounts"]; !there {
		return nil, nil
	}
	list, err := o.objects("accounts")
	if err != nil {
		return nil, err
	}
	accounts := make(map[id]account, len(list))
	for _, one := range list {
		a := account{heard: issued.Unix()}
		r := reader{o: one}
		u, ok := parseID(r.text("id"))
		if v, there := one["ver"]; there && v == nil {
			a.none = true
		} else if a.least = r.integer("ver"); a.least < 1 {
			ok = false
		}
		if v, there := one["role"]; !there || v != nil {
			var known bool
			a.role, known = parseID(r.text("role"))
			ok = ok && known
		}
		_, twice := accounts[u]
		if r.err != nil {
			return nil, r.err
		}
		if !ok || twice {
			return nil, errStatement
		}
		accounts[u] = a
	}
	return accounts, nil
}

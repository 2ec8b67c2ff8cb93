package users

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A caller whose credential is restricted may do what its role holds and its scope has, by every way in which it is asked,
// and grants nothing.
func TestScopeRestricts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		g := NewGraph(m.roles, m.permissions, m.assigned)
		pick := func(label string) Role { return m.roles[rapid.IntRange(0, len(m.roles)-1).Draw(t, label)] }
		own, target := pick("own role"), pick("target")
		listed := []PermissionName{"no:such"}
		var may []PermissionName
		var held []ID
		for _, p := range m.permissions {
			if !rapid.Bool().Draw(t, string(p.Name)) {
				continue
			}
			listed = append(listed, p.Name, p.Name)
			if slices.Contains(m.heldBy(own.ID), p.ID) {
				may, held = append(may, p.Name), append(held, p.ID)
			}
		}
		slices.Sort(may)
		scope := NewScope(listed...)
		c := Caller{Account: Account{Role: own}, graph: g, scope: &scope, APIKey: ID{1}}

		if got := c.Permissions(); !slices.Equal(got, may) {
			t.Fatalf("permissions are %v, want %v", got, may)
		}
		for _, p := range append(slices.Collect(g.Permissions()), Permission{Name: "no:such"}) {
			want := slices.Contains(may, p.Name)
			if c.May(p.Name) != want || (c.Require(p.Name) == nil) != want {
				t.Fatalf("%s: allowed %v, want %v", p.Name, c.May(p.Name), want)
			}
		}
		if len(c.Roles()) != 0 || c.admin() || !c.Restricted() {
			t.Fatalf("it has the roles %v, admin %v", c.Roles(), c.admin())
		}
		more := lacks(m.heldBy(target.ID), held)
		if refused := c.mayChangeRole(target.ID) != nil; refused != more {
			t.Fatalf("changing a role: refused %v, want %v", refused, more)
		}
		if refused := c.mayChangeAccount(Account{Role: target}) != nil; refused != (more || target.System) {
			t.Fatalf("changing an account: refused %v, want %v", refused, more || target.System)
		}
		for what, err := range map[string]error{
			"giving a role": c.mayGive(target), "granting": c.CheckGrant(nil), "changing the graph": c.mayTurnInto(g, nil),
			"a change": new(Service).Change(t.Context(), c, "", nil),
		} {
			if !errors.Is(err, ErrForbidden) {
				t.Fatalf("%s is not refused: %v", what, err)
			}
		}
		if read, ok := ParseScope(scope.String()); !ok || !slices.Equal(read.Names(), scope.Names()) {
			t.Fatalf("%q is read as %v, %v", scope, read, ok)
		}
	})
}

func TestParseScopeIsStrict(t *testing.T) {
	t.Parallel()
	for _, text := range []string{" ", "a ", " a", "b a", "a a", "a  b", "a\tb", `"`, "a\x00", "é"} {
		if s, ok := ParseScope(text); ok {
			t.Errorf("%q is read as %v", text, s)
		}
	}
	if s, ok := ParseScope(""); !ok || len(s.Names()) != 0 {
		t.Errorf("the empty scope: %v, %v", s, ok)
	}
}

// A key is read as it was written, and no change of one character makes another key of it.
func TestAPIKeyForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := APIKeySecret(rapid.SliceOfN(rapid.Byte(), apiKeySize, apiKeySize).Draw(t, "secret"))
		text := secret.reveal()
		if read, ok := parseAPIKey(text); !ok || read != secret || len(text) != 54 {
			t.Fatalf("%s, of %d characters, is not read as it was written", text, len(text))
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		for c := range 256 {
			changed := []byte(text)
			changed[at] = byte(c)
			if _, ok := parseAPIKey(string(changed)); ok && string(changed) != text {
				t.Fatalf("%s is a key too", changed)
			}
		}
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(format, secret); got != "[api key]" {
				t.Fatalf("%s prints %s", format, got)
			}
		}
	})
}

// A key that is mistyped in one character is refused without a query: the service of this test has no store to ask.
func TestMistypedKeysAskNothing(t *testing.T) {
	t.Parallel()
	s := New(Ports{Now: time.Now})
	text := APIKeySecret{1, 2, 3}.reveal()
	refused := func(key string) {
		t.Helper()
		if _, err := s.Authenticate(t.Context(), key); !errors.Is(err, ErrUnauthenticated) {
			t.Fatalf("%s: %v", key, err)
		}
		if i, err := s.introspectAPIKey(t.Context(), key); err != nil || i.Active {
			t.Fatalf("%s: %+v, %v", key, i, err)
		}
		if err := s.RevokeAPIKey(t.Context(), key); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	for at := len(APIKeyPrefix); at < len(text); at++ {
		refused(text[:at])
		refused(text[:at] + text[at+1:])
		for _, c := range base62Digits + "_-. \x00é" {
			if changed := text[:at] + string(c) + text[at+1:]; changed != text {
				refused(changed)
			}
		}
	}
	refused(text + "0")
	refused(APIKeyPrefix)
}

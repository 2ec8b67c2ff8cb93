package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// closure is what is told of roles, and what each may do then by the rules of the service.
type closure struct {
	Permissions map[string]string
	Roles       map[string]struct {
		Parent      *string
		All         bool
		Permissions []string
	}
	Effective map[string][]string
}

func mustID(text string) id {
	u, ok := parseID(text)
	if !ok {
		panic(text)
	}
	return u
}

// everything allows whatever a test tells of.
var everything = Changes{MaxAccounts: 1 << 20, MaxRoles: 1 << 20, MaxPermissions: 1 << 20, MaxAssignments: 1 << 30}

// TestClosures: what roles may do is worked out here as it is by the service, in whichever order it is told.
func TestClosures(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/closures.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []closure
	if err := json.Unmarshal(text, &all); err != nil || len(all) < 50 {
		t.Fatalf("%d closures, %v", len(all), err)
	}
	for n, c := range all {
		whole := &statement{reset: true, cursor: "c"}
		for u, name := range c.Permissions {
			whole.permissions = append(whole.permissions, toldPermission{mustID(u), name})
		}
		for u, r := range c.Roles {
			told := toldRole{id: mustID(u), name: "role " + u, all: r.All}
			if r.Parent != nil {
				told.parent = mustID(*r.Parent)
			}
			for _, p := range r.Permissions {
				told.permissions = append(told.permissions, mustID(p))
			}
			whole.roles = append(whole.roles, told)
		}
		check(t, fmt.Sprintf("closure %d", n), c, whole)
		check(t, fmt.Sprintf("closure %d in pieces", n), c, inPieces(whole)...)
	}
}

// inPieces tells the roles before the permissions, each alone and half of what it has at a time.
func inPieces(whole *statement) []*statement {
	list := []*statement{{reset: true, cursor: "c"}}
	for _, r := range whole.roles {
		first, second := r, r
		half := len(r.permissions) / 2
		first.permissions, second.permissions, second.continued = r.permissions[:half], r.permissions[half:], true
		list = append(list, &statement{roles: []toldRole{first}}, &statement{roles: []toldRole{second}})
	}
	for _, p := range whole.permissions {
		list = append(list, &statement{permissions: []toldPermission{p}})
	}
	return list
}

func check(t *testing.T, what string, c closure, told ...*statement) {
	t.Helper()
	var f *facts
	for i, s := range told {
		var err error
		if f, err = f.after(s, &everything); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if i%3 == 0 {
			f.share()
		}
	}
	f.share()
	for u, want := range c.Effective {
		if name, got, known := f.rights.of(mustID(u)); !known || name != "role "+u || !slices.Equal(got, want) {
			t.Errorf("%s: the role %s may do %q, by the service %q", what, u, got, want)
		}
		if f.rights.named("role "+u) != mustID(u) {
			t.Errorf("%s: the role %s is not found by its name", what, u)
		}
	}
	if len(f.rights.everyName()) != len(c.Permissions) {
		t.Errorf("%s: %d permissions are known", what, len(f.rights.all))
	}
}

// What others read of rights stays as it is while more is told.
func TestRightsThatAreReadStay(t *testing.T) {
	t.Parallel()
	one, two, role := mustID(permissionID("one")), mustID(permissionID("two")), mustID(user)
	f, err := (*facts)(nil).after(&statement{reset: true, permissions: []toldPermission{{one, "one"}, {two, "two"}}, roles: []toldRole{{id: role, name: "R", permissions: []id{one}}}}, &everything)
	if err != nil {
		t.Fatal(err)
	}
	f.share()
	seen := func(f *facts) string {
		name, permissions, known := f.rights.of(role)
		return fmt.Sprint(name, permissions, known, f.rights.everyName(), f.rights.assigned, f.rights.permissions.count)
	}
	for _, s := range []*statement{
		{permissions: []toldPermission{{one, "uno"}}},
		{permissions: []toldPermission{{one, ""}}},
		{roles: []toldRole{{id: role, name: "R", permissions: []id{one, two, mustID(ada)}}}},
		{roles: []toldRole{{id: role, name: "R", continued: true, permissions: []id{two}}}},
		{roles: []toldRole{{id: role}}},
	} {
		next, err := f.after(s, &everything)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := seen(f); got != "R[one] true [one two] 1 2" {
				t.Errorf("after %+v it is %s", s, got)
			}
			if seen(next) == seen(f) {
				t.Errorf("%+v was told in vain", s)
			}
		}
	}
}

// More than may be kept is no state to go on with.
func TestRightsAreBounded(t *testing.T) {
	t.Parallel()
	told := func(n int) (s *statement) {
		s = &statement{reset: true}
		for i := range n {
			u := mustID(permissionID(fmt.Sprint(i)))
			s.permissions = append(s.permissions, toldPermission{u, fmt.Sprint("p", i)})
			s.roles = append(s.roles, toldRole{id: u, name: fmt.Sprint("r", i), permissions: []id{u, mustID(user)}})
		}
		return s
	}
	for want, limits := range map[error]Changes{
		nil:                   {MaxRoles: 10, MaxPermissions: 10, MaxAssignments: 20},
		errTooManyRoles:       {MaxRoles: 9, MaxPermissions: 10, MaxAssignments: 20},
		errTooManyPermissions: {MaxRoles: 10, MaxPermissions: 9, MaxAssignments: 20},
		errTooManyAssignments: {MaxRoles: 10, MaxPermissions: 10, MaxAssignments: 19},
	} {
		f, err := (*facts)(nil).after(told(10), &limits)
		if !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", limits, err, want)
		}
		if want != nil {
			continue
		}
		// Permissions that come and go, and roles that name what is not there, do not pile up without end either.
		for i := range 100 {
			u := mustID(permissionID(fmt.Sprint("gone", i)))
			if f, err = f.after(&statement{permissions: []toldPermission{{u, ""}}}, &limits); err != nil {
				break
			}
		}
		if !errors.Is(err, errTooManyPermissions) {
			t.Errorf("made-up permissions: %v", err)
		}
	}
}

// What was worked out for many roles is forgotten before it takes much memory.
func TestWorkedOutListsAreBounded(t *testing.T) {
	t.Parallel()
	s := &statement{reset: true}
	for i := range 2000 {
		s.permissions = append(s.permissions, toldPermission{mustID(permissionID(fmt.Sprint(i))), fmt.Sprint("p", i)})
	}
	var own []id
	for _, p := range s.permissions {
		own = append(own, p.id)
	}
	for i := range 700 {
		s.roles = append(s.roles, toldRole{id: mustID(permissionID(fmt.Sprint("role", i))), name: fmt.Sprint(i), permissions: own})
	}
	f, err := (*facts)(nil).after(s, &everything)
	if err != nil {
		t.Fatal(err)
	}
	f.share()
	for _, r := range s.roles {
		if _, list, _ := f.rights.of(r.id); len(list) != 2000 {
			t.Fatalf("%d permissions", len(list))
		}
	}
	kept := 0
	f.rights.worked.Range(func(_, list any) bool { kept += len(list.([]string)); return true })
	if kept > maxWorked || kept == 0 {
		t.Errorf("%d names are kept", kept)
	}
}

// TestMemoryOfManyRoles says what a follower takes for as many roles as the service allows.
func TestMemoryOfManyRoles(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	before := heap()
	limits := Changes{URL: "http://127.0.0.1/", Token: func(context.Context) (string, error) { return "x", nil }}
	if err := limits.complete(); err != nil {
		t.Fatal(err)
	}
	const many = 100_000
	f, err := (*facts)(nil).after(&statement{reset: true}, &limits)
	for i := 0; i < many && err == nil; i += 500 {
		s := &statement{}
		for n := i; n < i+500; n++ {
			u := mustID(fmt.Sprintf("0199e7a0-0000-7000-8000-%012x", n))
			s.permissions = append(s.permissions, toldPermission{u, fmt.Sprintf("%s:%d", strings.Repeat("x", 90), n)})
			role := toldRole{id: u, name: fmt.Sprint("role ", n)}
			for p := range 10 {
				role.permissions = append(role.permissions, mustID(fmt.Sprintf("0199e7a0-0000-7000-8000-%012x", (n+p*7919)%many)))
			}
			s.roles = append(s.roles, role)
		}
		f, err = f.after(s, &limits)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.share()
	took := heap() - before
	t.Logf("%d roles with 10 permissions each of %d take %.1f MB", many, many, float64(took)/1e6)
	if took > 100e6 {
		t.Errorf("they take %d bytes", took)
	}
	runtime.KeepAlive(f)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

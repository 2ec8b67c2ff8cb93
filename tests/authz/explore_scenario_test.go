package authz

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scenario is a world and a list of requests. Its text, which a failure prints and testdata/explore keeps, is JSON with
// a line for each step. All of it goes by names of the model, so that it runs the same on every database, and steps
// can be left out.
type scenario struct {
	World state  `json:"world"`
	Steps []step `json:"steps"`
}

// step is one request.
type step struct {
	// As is the account whose token is sent; empty sends none.
	As string `json:"as,omitempty"`
	// Past sends the first token of the account instead of its current one.
	Past bool `json:"past,omitempty"`
	// Replica is which replica is asked, where there are two.
	Replica int `json:"replica,omitempty"`
	// Dry adds dry_run=true.
	Dry bool `json:"dry,omitempty"`

	Op     string `json:"op"`
	Target string `json:"target,omitempty"`
	Second string `json:"second,omitempty"`
	Query  string `json:"query,omitempty"`
	Body   body   `json:"body,omitempty"`
	New    string `json:"new,omitempty"` // the name of what it creates
}

func (s step) call() call {
	c := call{op: s.Op, target: s.Target, second: s.Second, query: s.Query, body: s.Body, as: s.New}
	if s.Body == nil && slices.Contains([]string{"POST", "PATCH"}, routes[s.Op].method) {
		c.body = body{}
	}
	if s.Dry {
		c.query = "dry_run=true"
	}
	return c
}

func stepOf(as string, c call) step {
	return step{As: as, Op: c.op, Target: c.target, Second: c.second, Query: c.query, Body: c.body, New: c.as}
}

// UnmarshalJSON reads lists of texts as such, which is what the model looks for.
func (b *body) UnmarshalJSON(text []byte) error {
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, value := range members {
		if list, ok := value.([]any); ok && (name == "permission_ids" || name == "permissions") {
			texts := []string{}
			for _, element := range list {
				if s, ok := element.(string); ok {
					texts = append(texts, s)
				}
			}
			if len(texts) == len(list) {
				members[name] = texts
			}
		}
	}
	*b = members
	return nil
}

// MarshalJSON writes a set as a list.
func (s set) MarshalJSON() ([]byte, error) { return json.Marshal(s.sorted()) }

// UnmarshalJSON reads a set from a list.
func (s *set) UnmarshalJSON(text []byte) error {
	var list []string
	err := json.Unmarshal(text, &list)
	*s = setOf(list...)
	return err
}

func (sc scenario) String() string {
	line := func(v any) string {
		encoded, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(encoded)
	}
	permissions := maps.Clone(sc.World.Permissions)
	maps.DeleteFunc(permissions, func(_ string, p permission) bool { return system(p.Name) })
	var text strings.Builder
	fmt.Fprintf(&text, "{\"world\": {\n")
	for i, part := range []struct {
		name string
		of   any
	}{{"Accounts", sc.World.Accounts}, {"Roles", sc.World.Roles}, {"Permissions", permissions}} {
		fmt.Fprintf(&text, "%q: %s%s\n", part.name, line(part.of), []string{",", ",", ""}[i])
	}
	text.WriteString("}, \"steps\": [\n")
	for i, s := range sc.Steps {
		comma := ","
		if i == len(sc.Steps)-1 {
			comma = ""
		}
		fmt.Fprintf(&text, "%s%s\n", line(s), comma)
	}
	text.WriteString("]}\n")
	return text.String()
}

// scenarioOf reads the text of a scenario, in which the system permissions are left out.
func scenarioOf(text []byte) (scenario, error) {
	var sc scenario
	if err := json.Unmarshal(text, &sc); err != nil {
		return sc, err
	}
	for id, p := range build(nil, nil).Permissions {
		sc.World.Permissions[id] = p
	}
	for id, r := range sc.World.Roles {
		if r.Own == nil {
			r.Own = set{}
			sc.World.Roles[id] = r
		}
	}
	return sc, nil
}

// part is a piece of a scenario that may not matter: a step, an account, a role, a permission of a role.
type part struct {
	kind, name, second string
	step               int
}

// parts lists all pieces, those first without which most other things cannot be.
func (sc scenario) parts() []part {
	var list []part
	for i := range sc.Steps {
		list = append(list, part{kind: "step", step: i})
	}
	for _, id := range keys(sc.World.Accounts) {
		if id != root && id != reader {
			list = append(list, part{kind: "account", name: id})
		}
	}
	for _, id := range keys(sc.World.Roles) {
		if id == admin || id == readerRole {
			continue
		}
		list = append(list, part{kind: "role", name: id})
		for _, p := range sc.World.Roles[id].Own.sorted() {
			list = append(list, part{kind: "held", name: id, second: p})
		}
	}
	return list
}

// only is the scenario with no other parts than these. What refers to something that is left out goes with it.
func (sc scenario) only(kept []part) scenario {
	has := map[part]bool{}
	for _, p := range kept {
		has[p] = true
	}
	small := scenario{World: sc.World.clone()}
	for i, s := range sc.Steps {
		if has[part{kind: "step", step: i}] {
			small.Steps = append(small.Steps, s)
		}
	}
	w := small.World
	for id := range sc.World.Roles {
		if id != admin && id != readerRole && !has[part{kind: "role", name: id}] {
			delete(w.Roles, id)
		}
	}
	for id, r := range w.Roles {
		for p := range sc.World.Roles[id].Own {
			if id != readerRole && !has[part{kind: "held", name: id, second: p}] {
				delete(r.Own, p)
			}
		}
		if w.Roles[r.Parent].Name == "" {
			r.Parent = ""
		}
		w.Roles[id] = r
	}
	for id, a := range sc.World.Accounts {
		if _, there := w.Roles[a.Role]; !there || id != root && id != reader && !has[part{kind: "account", name: id}] {
			delete(w.Accounts, id)
		}
	}
	return small
}

// shrink leaves out parts, in ever smaller pieces, for as long as the scenario still fails (delta debugging). It ends
// when nothing can be left out any more, or when fails has had enough, which it says by false.
func (sc scenario) shrink(fails func(scenario) bool) scenario {
	kept := sc.parts()
	for size := (len(kept) + 1) / 2; size > 0; {
		removed := false
		for from := 0; from < len(kept); {
			rest := slices.Concat(kept[:from], kept[min(from+size, len(kept)):])
			if fails(sc.only(rest)) {
				kept, removed = rest, true
			} else {
				from += size
			}
		}
		if size == 1 && !removed {
			break
		}
		if size > 1 || !removed {
			size = max(1, size/2)
		}
	}
	return sc.only(kept)
}

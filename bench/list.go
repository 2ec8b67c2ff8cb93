package main

import "github.com/svc-users/svc-users/bench/fill"

// place is a depth in a list.
type place struct {
	list  list
	depth depth
}

// list is one of the ways in which accounts are listed: in an order, and either all of them or those of a filter, which
// is a part of the query.
type list struct{ sort, filter string }

// String is how a person would name it.
func (l list) String() string {
	for _, f := range filters() {
		if f.query == l.filter {
			return f.name + " by " + l.sort
		}
	}
	return l.filter + " by " + l.sort
}

// depth is how far from a list's beginning a place is, in quarters of the list.
type depth int

// depths are measured. At three quarters of the smallest list there is still a full page.
var depths = []depth{0, 2, 3}

// String is how a person would name it.
func (d depth) String() string {
	return map[depth]string{0: "at the start", 2: "half-way", 3: "at three quarters"}[d]
}

// filter asks for some accounts alone.
type filter struct {
	query   string
	name    string
	matches func(fill.Account) bool // whether it should find an account
}

func filters() []filter {
	role := func(r fill.Role, name string) filter {
		return filter{"role_id=" + fill.Text(r.ID()), name, func(a fill.Account) bool { return a.Role == r }}
	}
	return []filter{
		{"", "all", func(fill.Account) bool { return true }},
		role(fill.Support, "those of a rare role"),
		role(fill.Customer, "those of the common role"),
		{"is_active=false", "the disabled", func(a fill.Account) bool { return !a.Active }},
		{"is_active=true", "the active", func(a fill.Account) bool { return a.Active }},
	}
}

func allLists() (all []list) {
	for _, f := range filters() {
		for _, sort := range []string{"created_at", "-created_at", "email", "-email"} {
			all = append(all, list{sort, f.query})
		}
	}
	return all
}

package authz

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	users "github.com/svc-users/svc-users"
)

// replay makes on a copy of the tables what events say, and notes what can't have been so.
type replay struct {
	dbTables
	touched  map[string]bool   // table and key of the rows that events were about
	names    map[string]string // what they were called, by the same
	hashed   map[string]bool   // ids of the accounts whose stored hash is another
	problems []string
}

// unaccounted is what events leave out or have made up, if the tables were as before and are as after. It is empty if they
// tell exactly what has changed.
func unaccounted(before, after dbTables, events []users.Event) []string {
	r := &replay{dbTables: dbTables{}, touched: map[string]bool{}, names: map[string]string{}, hashed: map[string]bool{}}
	for table, rows := range before {
		r.dbTables[table] = map[string]map[string]string{}
		for key, row := range rows {
			r.dbTables[table][key] = maps.Clone(row)
		}
	}
	for i, e := range events {
		r.apply(e, i)
	}
	for table, columns := range recordedColumns {
		keys := union(before[table], after[table])
		for key := range r.dbTables[table] {
			keys[key] = true
		}
		for key := range keys {
			r.compare(table, key, columns, before, after)
		}
	}
	return r.problems
}

func (r *replay) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// compare holds one row against what the events have made of it.
func (r *replay) compare(table, key string, columns []string, before, after dbTables) {
	was, is, told := before[table][key], after[table][key], r.dbTables[table][key]
	changed := fmt.Sprint(was) != fmt.Sprint(is) || (was == nil) != (is == nil)
	if touched := r.touched[table+" "+key]; touched != changed {
		r.problem("%s %s: changed %v, told of %v", table, key, changed, touched)
	}
	row := is
	if row == nil {
		row = was
	}
	owner := cmp.Or(row["account_id"], "none") // of a session or a client secret, which is called as its account is
	called := cmp.Or(row["email"], row["name"], after["accounts"][owner]["email"], before["accounts"][owner]["email"],
		after["accounts"][owner]["name"], before["accounts"][owner]["name"])
	if name, named := r.names[table+" "+key]; named && name != called {
		r.problem("%s %s is called %q", table, key, name)
	}
	if (is == nil) != (told == nil) {
		r.problem("%s %s: exists %v, by the events %v", table, key, is != nil, told != nil)
	}
	if is == nil || told == nil {
		return
	}
	for _, column := range columns {
		if column == "token_version" && was == nil {
			continue // the first version is not worth a field
		}
		if is[column] != told[column] {
			r.problem("%s %s: %s is %q, by the events %q", table, key, column, is[column], told[column])
		}
	}
	if table == "accounts" && r.hashed[key] != (was["password_hash"] != is["password_hash"]) {
		r.problem("the hash of %s: told of %v", key, r.hashed[key])
	}
}

// apply makes what an event tells. Those that sum up others have to come after some.
func (r *replay) apply(e users.Event, at int) {
	noun, verb, _ := strings.Cut(string(e.Kind), ".")
	table := tableOf[e.Target.Kind]
	if e.Target.Kind == users.TargetThrottle {
		return // its rows come and go with attempts, of which there are no events
	}
	if table == "" {
		if at == 0 || len(e.Fields) > 0 {
			r.problem("%s sums up nothing", e.Kind)
		}
		return
	}
	if noun != string(e.Target.Kind) {
		r.problem("%s is about a %s", e.Kind, e.Target.Kind)
	}
	key := e.Target.ID.String()
	if e.Target.Kind == users.TargetKey || e.Target.Kind == users.TargetAudience {
		key = e.Target.Name
	}
	row := r.dbTables[table][key]
	if e.Kind == users.AccountImpersonated { // which changes nothing
		if row == nil || row["email"] != e.Target.Name || len(e.Fields) < 2 {
			r.problem("%s tells of %+v", e.Kind, e)
		}
		return
	}
	created, deleted := verb == "created" || verb == "started", verb == "deleted" || verb == "ended" || verb == "reused"
	if (row == nil) != created {
		r.problem("%s: %s exists %v", e.Kind, key, row != nil)
		return
	}
	r.touched[table+" "+key] = true
	switch {
	case created:
		row = map[string]string{}
		r.dbTables[table][key] = row
	case deleted:
		delete(r.dbTables[table], key)
	}
	r.hashed[key] = r.hashed[key] || verb == "password_changed" || verb == "hash_upgraded" || noun == "account" && verb == "created"
	if (len(e.Fields) == 0) != (verb == "hash_upgraded" || noun == "session" || verb == "revoked" || verb == "rewrapped" || noun == "key" && verb == "deleted") {
		r.problem("%s of %s tells of nothing", e.Kind, key)
	}
	for _, f := range e.Fields {
		r.applyField(e, row, f)
	}
	for _, column := range recordedColumns[table] {
		if deleted && noun != "key" && column != "token_version" && row[column] != "" {
			r.problem("%s of %s leaves out its %s", e.Kind, key, column)
		}
	}
	r.names[table+" "+key] = e.Target.Name
}

func (r *replay) applyField(e users.Event, row map[string]string, f users.FieldChange) {
	if f.Field == users.FieldClaim {
		return // all that a trust requires is in one column, as JSON
	}
	before, after := valueText(f.Before), valueText(f.After)
	assignment := ""
	switch {
	case f.Field == users.FieldPermission && e.Target.Kind == users.TargetRole:
		assignment = e.Target.ID.String() + " " + before + after
	case f.Field == users.FieldRole && e.Target.Kind == users.TargetPermission:
		assignment = before + after + " " + e.Target.ID.String()
	}
	if assignment == "" {
		column := columnOf[f.Field]
		if had, exists := row[column]; had != before || !exists && before != "" {
			r.problem("%s: %s was %q, by the event %q", e.Kind, column, had, before)
		}
		row[column] = after
		return
	}
	r.touched["role_permissions "+assignment] = true
	if _, assigned := r.dbTables["role_permissions"][assignment]; assigned != (before != "") || (before == "") == (after == "") {
		r.problem("%s: the assignment %s exists %v", e.Kind, assignment, assigned)
	}
	if before != "" {
		delete(r.dbTables["role_permissions"], assignment)
	} else {
		r.dbTables["role_permissions"][assignment] = map[string]string{}
	}
}

// valueText is a value as a column has it.
func valueText(v users.Value) string {
	switch held := v.Get().(type) {
	case nil:
		return ""
	case users.Ref:
		return held.ID.String()
	default:
		return fmt.Sprint(held)
	}
}

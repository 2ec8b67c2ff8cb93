package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

var everyOrder = []users.Order{{}, {Descending: true}, {ByText: true}, {ByText: true, Descending: true}}

// Enough accounts that a search walks, gathers and gives up gathering, each somewhere.
const manyAccounts = 36_000

// manyEmail is the address of account i of many, in the order of creation. "hidden" is neither in the first and
// the last thousands nor where accounts are looked at to guess how common a part is, and yet in most addresses.
func manyEmail(i int) string {
	domain := "plain"
	if spot := i % (manyAccounts / 9); i > 6000 && i < manyAccounts-6000 && spot > 60 && spot < manyAccounts/9-60 {
		domain = "hidden"
	}
	return fmt.Sprintf("%x.%d@%s.example", i*7919%1009, i, domain)
}

// testSearchOfMany compares searches with the same done naively, where there are so many accounts that each way
// to search is taken.
func testSearchOfMany(t *testing.T, f *fixture) {
	roles := []users.Role{f.role, f.addRole("Other", users.ID{})}
	var all []users.Account
	for i := range manyAccounts {
		a := newAccount(t, manyEmail(i), roles[i%2])
		a.CreatedAt = time.Date(2024, 1, 1, 0, 0, i, 0, time.UTC)
		a.Active = i%50 == 0
		all = append(all, a)
	}
	insertByHand(t, f.url, all)
	sorted := map[users.Order][]users.Account{}
	for _, o := range everyOrder {
		sorted[o] = slices.Clone(all)
		slices.SortFunc(sorted[o], by(o))
	}
	filters := []users.AccountFilter{{RoleID: roles[0].ID}, {Active: pointer(true)}, {RoleID: roles[1].ID, Active: pointer(false)}}
	for i, part := range []string{
		manyEmail(17_000)[3:], // one has it
		"99@hidden",           // some, none of them near an end
		"hidden",              // most, none of them near an end
		"den.exi",             // none, though all have something of it
		"example",             // all
		"3f",                  // some begin so
	} {
		// Each filter with each part would take minutes under the race detector, in SQLite.
		for _, filter := range []users.AccountFilter{{}, filters[i%len(filters)]} {
			filter.Query = part
			checkSearch(t, f, sorted, filter)
		}
	}
}

// checkSearch is given all accounts in each order, since sorting so many again and again takes longer than all
// else.
func checkSearch(t *testing.T, f *fixture, all map[users.Order][]users.Account, filter users.AccountFilter) {
	t.Helper()
	what := fmt.Sprintf("%q, of a role %t, active %v", filter.Query, !filter.RoleID.IsZero(), filter.Active != nil && *filter.Active)
	n := len(model(all[users.Order{}], filter, users.Order{}))
	for _, limit := range []int{5, 10_001} {
		want := min(n, limit)
		if got, err := f.CountAccounts(t.Context(), filter, limit); err != nil || got != want {
			t.Errorf("%s: counted %d up to %d (%v), want %d", what, got, limit, err, want)
		}
	}
	for _, o := range everyOrder {
		want := model(all[o], filter, o)
		begin := 0
		list := users.List{Order: o, Limit: 21}
		for range 2 {
			got, err := f.Accounts(t.Context(), filter, list)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("%s %+v from %d", what, o, begin), addresses(got), want[begin:min(begin+21, n)])
			if len(got) < 21 {
				break
			}
			begin += 21
			list.After = position(got[20])
		}
		list = users.List{Order: o, Limit: 3, Offset: rand.IntN(n + 2)}
		got, err := f.Accounts(t.Context(), filter, list)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%s %+v, past %d", what, o, list.Offset), addresses(got), want[min(list.Offset, n):min(list.Offset+3, n)])
	}
}

// testSearchIsOfCharacters searches, for what is in addresses and for what looks like the language of an index,
// addresses that no rule has tidied.
func testSearchIsOfCharacters(t *testing.T, f *fixture) {
	alphabet := []rune(`abcAB%_'"*^-+@:(){}[]\/. ~|&!<>,;` + "äßЖ日本語😀𝒶")
	text := func(most int) string {
		runes := make([]rune, 1+rand.IntN(most))
		for i := range runes {
			runes[i] = alphabet[rand.IntN(len(alphabet))]
		}
		return string(runes)
	}
	var all []users.Account
	for i := range 6_000 {
		a := newAccount(t, "a@x.example", f.role)
		key := fmt.Sprintf("%s%d", text(12), i)
		a.Email = users.StoredEmail(key, key)
		all = append(all, a)
	}
	insertByHand(t, f.url, all)
	parts := []string{
		"...", "@ex", `""`, `"""`, `a"b`, `a" OR "b`, "a AND b", "NOT a", "NEAR(a b)", "a*b", "^ab", "{a b}", "email_key:a", "-ab",
		`\%%`, "%%%", "___", "'''", "日本語", "😀😀😀", "äß日", "AB%", "ab%", strings.Repeat("ab", 500), strings.Repeat("日本語", 100),
	}
	for range 20 {
		parts = append(parts, text(5))
		within := []rune(all[rand.IntN(len(all))].Email.Canonical())
		from := rand.IntN(len(within))
		parts = append(parts, string(within[from:from+1+rand.IntN(len(within)-from)]))
	}
	for _, part := range parts {
		filter := users.AccountFilter{Query: part}
		want := model(all, filter, users.Order{})
		if n, err := f.CountAccounts(t.Context(), filter, 10_001); err != nil || n != len(want) {
			t.Errorf("%q: counted %d (%v), want %d", part, n, err, len(want))
		}
		for _, limit := range []int{2, 200} {
			got, err := f.Accounts(t.Context(), filter, users.List{Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("%q, at most %d", part, limit), addresses(got), want[:min(limit, len(want))])
		}
	}
}

// insertByHand makes accounts past the store, many in a statement.
func insertByHand(t testing.TB, url string, all []users.Account) {
	t.Helper()
	var statements []string
	for some := range slices.Chunk(all, 1000) {
		statements = append(statements, insertion(url, some))
	}
	byHand(t, url, statements...)
}

// insertion is the SQL that makes accounts.
func insertion(url string, all []users.Account) string {
	text := func(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }
	at := func(at time.Time) string { return text(at.UTC().Format(time.RFC3339Nano)) }
	if strings.HasPrefix(url, "sqlite") {
		at = func(at time.Time) string { return fmt.Sprint(at.UnixMicro()) }
	}
	var rows []string
	for _, a := range all {
		active := `'0'`
		if a.Active {
			active = `'1'`
		}
		rows = append(rows, `(`+strings.Join([]string{text(a.ID.String()), text(a.Email.String()), text(a.Email.Canonical()), `'h'`,
			text(a.Role.ID.String()), active, `1`, at(a.CreatedAt), at(a.UpdatedAt)}, `, `)+`)`)
	}
	return `INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
		VALUES ` + strings.Join(rows, `, `)
}

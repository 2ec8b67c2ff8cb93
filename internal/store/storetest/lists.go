package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/svc-users/svc-users"
)

// testListsAgainstModel compares every filter, order, way of paging and size of piece with the same done
// naively on a slice. Times are few, so that ids have to decide.
func testListsAgainstModel(t *testing.T, f *fixture) {
	ctx := t.Context()
	roles := []users.Role{f.role, f.addRole("Other", users.ID{}), f.addRole("Empty", users.ID{})}
	var all []users.Account
	f.do(func(tx users.Tx) error {
		all = nil
		for i := range 60 {
			a := newAccount(t, fmt.Sprintf("%c%c%d@example.com", 'a'+i%3, 'x'+i%2, i), roles[i%2])
			a.CreatedAt = time.Date(2024, 1, 1, 0, 0, 0, i%4*1000, time.UTC)
			a.Active = i%5 != 0
			if err := tx.InsertAccount(ctx, a, "h"); err != nil {
				return err
			}
			all = append(all, a)
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return nil
	})
	var filters []users.AccountFilter
	for _, q := range []string{"", "a", "bx", "x1@", "example.com", "nothing at all"} {
		for _, role := range append(roles, users.Role{}) {
			for _, active := range []*bool{nil, pointer(true), pointer(false)} {
				filters = append(filters, users.AccountFilter{Query: q, RoleID: role.ID, Active: active})
			}
		}
	}
	filters = append(filters, users.AccountFilter{Email: all[7].Email}, users.AccountFilter{Email: all[7].Email, Query: "@", RoleID: users.NewID()})
	for _, filter := range filters {
		n, err := f.CountAccounts(ctx, filter, 0)
		want := len(model(all, filter, users.Order{}))
		if err != nil || n != want {
			t.Errorf("%+v: counted %d (%v), want %d", filter, n, err, want)
		}
		n, err = f.CountAccounts(ctx, filter, 7)
		if err != nil || n != min(7, want) {
			t.Errorf("%+v: counted %d up to 7 (%v), want %d", filter, n, err, min(7, want))
		}
		for _, o := range []users.Order{{}, {Descending: true}, {ByText: true}, {ByText: true, Descending: true}} {
			want := model(all, filter, o)
			for _, size := range []int{1 + rand.IntN(4), 25, 100} {
				same(t, fmt.Sprintf("%+v %+v by cursor, %d a piece", filter, o, size), byCursor(t, f, filter, o, size), want)
				same(t, fmt.Sprintf("%+v %+v by offset, %d a piece", filter, o, size), byOffset(t, f, filter, o, size), want)
			}
		}
	}
	none, err := f.Accounts(ctx, users.AccountFilter{}, users.List{})
	if err != nil || len(none) != 0 {
		t.Errorf("a piece of no rows has %d (%v)", len(none), err)
	}
}

// model is the list, done naively.
func model(all []users.Account, f users.AccountFilter, o users.Order) []string {
	var chosen []users.Account
	for _, a := range all {
		key := a.Email.Canonical()
		found := strings.Contains(key, f.Query)
		if utf8.RuneCountInString(f.Query) <= 2 {
			found = strings.HasPrefix(key, f.Query)
		}
		if found && (f.Email.IsZero() || f.Email == a.Email) && (f.RoleID.IsZero() || f.RoleID == a.Role.ID) && (f.Active == nil || *f.Active == a.Active) {
			chosen = append(chosen, a)
		}
	}
	slices.SortFunc(chosen, by(o))
	return addresses(chosen)
}

func by(o users.Order) func(a, b users.Account) int {
	return func(a, b users.Account) int {
		c := cmp.Or(a.CreatedAt.Compare(b.CreatedAt), a.ID.Compare(b.ID))
		if o.ByText {
			c = strings.Compare(a.Email.Canonical(), b.Email.Canonical())
		}
		if o.Descending {
			c = -c
		}
		return c
	}
}

func addresses(accounts []users.Account) []string {
	list := []string{}
	for _, a := range accounts {
		list = append(list, a.Email.String())
	}
	return list
}

func position(a users.Account) *users.Position {
	return &users.Position{Time: a.CreatedAt, Text: a.Email.Canonical(), ID: a.ID}
}

func byCursor(t *testing.T, f *fixture, filter users.AccountFilter, o users.Order, size int) []string {
	t.Helper()
	list := []string{}
	var after *users.Position
	for {
		piece, err := f.Accounts(t.Context(), filter, users.List{Order: o, After: after, Limit: size})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, addresses(piece)...)
		if len(piece) < size {
			return list
		}
		after = position(piece[len(piece)-1])
	}
}

func byOffset(t *testing.T, f *fixture, filter users.AccountFilter, o users.Order, size int) []string {
	t.Helper()
	list := []string{}
	for {
		piece, err := f.Accounts(t.Context(), filter, users.List{Order: o, Offset: len(list), Limit: size})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, addresses(piece)...)
		if len(piece) < size {
			return list
		}
	}
}

func testListOrderIsOfBytes(t *testing.T, f *fixture) {
	for _, email := range []string{"zoe@x.example", "ab@x.example", "a-b@x.example", "a.b@x.example", "A_b@x.example", "äb@x.example", "a@x.example", "éa@x.example", "1@x.example", "~@x.example", "日本@x.example", "𝒶@x.example"} {
		f.addAccount(email, f.role)
	}
	want := []string{"1@x.example", "a-b@x.example", "a.b@x.example", "a@x.example", "A_b@x.example", "ab@x.example", "zoe@x.example", "~@x.example", "äb@x.example", "éa@x.example", "日本@x.example", "𝒶@x.example"}
	same(t, "by address", byCursor(t, f, users.AccountFilter{}, users.Order{ByText: true}, 3), want)
	slices.Reverse(want)
	same(t, "by address, descending", byCursor(t, f, users.AccountFilter{}, users.Order{ByText: true, Descending: true}, 3), want)
}

func testListSearch(t *testing.T, f *fixture) {
	for _, email := range []string{"a%b@x.example", "a_b@x.example", "axxb@x.example", "jürgen@x.example", "o'neil@x.example", "ürsula@x.example", "日本語@x.example", "%@x.example"} {
		f.addAccount(email, f.role)
	}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"a%b", []string{"a%b@x.example"}},
		{"a_b", []string{"a_b@x.example"}},
		{"%b@", []string{"a%b@x.example"}},
		{"%", []string{"%@x.example"}},
		{"_", []string{}},
		{"a_", []string{"a_b@x.example"}},
		{"ax", []string{"axxb@x.example"}},
		{"xb", []string{}},
		{"xxb", []string{"axxb@x.example"}},
		{"ü", []string{"ürsula@x.example"}},
		{"ür", []string{"ürsula@x.example"}},
		{"ürg", []string{"jürgen@x.example"}},
		{"日本", []string{"日本語@x.example"}},
		{"本語@", []string{"日本語@x.example"}},
		{"o'n", []string{"o'neil@x.example"}},
		{"'; DROP TABLE accounts; --", []string{}},
		{`\`, []string{}},
		{`\%\_`, []string{}},
		{"[a-z]", []string{}},
		{"*", []string{}},
		{strings.Repeat("%", 200_000), []string{}},
		{"a\x00b", []string{}},
		{"\xff\xfe\xfd", []string{}},
	} {
		same(t, fmt.Sprintf("%.30q", c.query), byCursor(t, f, users.AccountFilter{Query: c.query}, users.Order{ByText: true}, 50), c.want)
	}
}

// testListWhileRowsComeAndGo pages while others write: whatever was there all the time is seen exactly once.
func testListWhileRowsComeAndGo(t *testing.T, f *fixture) {
	ctx := t.Context()
	for _, o := range []users.Order{{}, {Descending: true}, {ByText: true}, {ByText: true, Descending: true}} {
		stays := map[string]int{}
		var goes []users.Account
		for i := range 30 {
			a := f.addAccount(fmt.Sprintf("%s%02d@x.example", strings.ToLower(fmt.Sprintf("%c", 'a'+i%7)), i), f.role)
			if i%3 == 0 {
				goes = append(goes, a)
			} else {
				stays[a.Email.String()] = 0
			}
		}
		var after *users.Position
		for n := 0; ; n++ {
			piece, err := f.Accounts(ctx, users.AccountFilter{}, users.List{Order: o, After: after, Limit: 4})
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range piece {
				if _, ok := stays[a.Email.String()]; ok {
					stays[a.Email.String()]++
				}
			}
			if len(piece) < 4 {
				break
			}
			last := piece[len(piece)-1]
			after = position(last)
			// The very row that the next piece begins after may go, others come on both sides of it.
			if gone := slices.IndexFunc(goes, func(a users.Account) bool { return a.ID == last.ID }); gone >= 0 {
				f.do(func(tx users.Tx) error { return tx.DeleteAccount(ctx, last.ID) })
				goes = slices.Delete(goes, gone, gone+1)
			}
			if n < 10 {
				f.addAccount(fmt.Sprintf("%c-new%d@x.example", 'a'+n, n), f.role)
			}
		}
		for email, n := range stays {
			if n != 1 {
				t.Errorf("%+v: %s was seen %d times", o, email, n)
			}
		}
		byHand(t, f.url, `DELETE FROM accounts`)
	}
}

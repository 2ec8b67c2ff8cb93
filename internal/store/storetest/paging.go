package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// testPagesWhileOthersWrite pages through lists of every kind while others write as fast as they can: whatever
// was in a list all the time is seen in it exactly once and in its order, and nothing is seen twice, not even
// what comes and goes.
func testPagesWhileOthersWrite(t *testing.T, f *fixture) {
	ctx := t.Context()
	roles := []users.Role{f.role, f.addRole("Other", users.ID{})}
	account := func(email string, i int) users.Account {
		a := newAccount(t, email, roles[i%2])
		// The times of those that stay and of those that come are mixed, and often the same.
		a.CreatedAt = time.Date(2024, 1, 1, 0, 0, 0, rand.IntN(50)*1000, time.UTC)
		a.Active = i%3 == 0
		return a
	}
	var stay []users.Account
	for i := range 200 {
		stay = append(stay, account(fmt.Sprintf("%c%d.stays@x.example", 'a'+rand.IntN(26), i), i))
	}
	insertByHand(t, f.url, stay)

	var stop atomic.Bool
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop.Store(true)
	for w := range 2 {
		writer := open(t, f.url)
		wait.Go(func() {
			var here []users.Account
			for i := 0; !stop.Load(); i++ {
				err := writer.InTx(ctx, func(tx users.Tx) error {
					if len(here) < 20 || i%2 == 0 {
						a := account(fmt.Sprintf("%c%d.%d.goes@x.example", 'a'+rand.IntN(26), w, i), i/2)
						here = append(here, a)
						return tx.InsertAccount(ctx, a, "h")
					}
					n := rand.IntN(len(here))
					defer func() { here = slices.Delete(here, n, n+1) }()
					return tx.DeleteAccount(ctx, here[n].ID)
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, part := range []string{"", "stays", "s@x"} {
		for _, role := range []users.ID{{}, roles[1].ID} {
			for _, active := range []*bool{nil, pointer(true), pointer(false)} {
				for _, o := range everyOrder {
					filter := users.AccountFilter{Query: part, RoleID: role, Active: active}
					seen := byCursor(t, f, filter, o, 1+rand.IntN(40))
					sorted := slices.Clone(seen)
					slices.Sort(sorted)
					if len(slices.Compact(sorted)) != len(seen) {
						t.Errorf("%+v %+v: an account was seen twice", filter, o)
					}
					stayed := slices.DeleteFunc(seen, func(email string) bool { return email[len(email)-15:] != "stays@x.example" })
					same(t, fmt.Sprintf("%+v %+v", filter, o), stayed, model(stay, filter, o))
				}
			}
		}
	}
}

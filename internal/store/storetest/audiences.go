package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/svc-users/svc-users"
)

func testAudiences(t *testing.T, f *fixture) {
	ctx := t.Context()
	at := instantNow()
	orders := users.Audience{Name: "https://orders.example", Prefix: "orders:", Owner: "orders", CreatedAt: at, UpdatedAt: at}
	billing := users.Audience{Name: "Billing", Prefix: "~", Owner: "a service", CreatedAt: at, UpdatedAt: at}
	change := func(what string, want error, fn func(tx users.Tx) error) {
		t.Helper()
		wantError(t, what, f.InTx(ctx, fn), want)
	}
	_, err := f.Audience(ctx, orders.Name)
	wantError(t, "Audience of none", err, users.ErrNotFound)
	change("InsertAudience", nil, func(tx users.Tx) error {
		if err := tx.InsertAudience(ctx, orders); err != nil {
			return err
		}
		if got, err := tx.Audience(ctx, orders.Name); err != nil || got != orders {
			t.Errorf("in the transaction: %+v, %v", got, err)
		}
		return tx.InsertAudience(ctx, billing)
	})
	change("InsertAudience again", users.ErrTaken, func(tx users.Tx) error { return tx.InsertAudience(ctx, orders) })
	orders.Prefix, orders.UpdatedAt = "shop:", at.Add(time.Hour)
	change("UpdateAudience", nil, func(tx users.Tx) error { return tx.UpdateAudience(ctx, orders) })
	change("UpdateAudience of none", users.ErrNotFound, func(tx users.Tx) error {
		return tx.UpdateAudience(ctx, users.Audience{Name: "billing", Prefix: "x:", UpdatedAt: at}) // the name has a case
	})
	all, err := f.Audiences(ctx)
	if diff := cmp.Diff([]users.Audience{billing, orders}, all); diff != "" || err != nil {
		t.Errorf("Audiences: %v (-want +got):\n%s", err, diff)
	}
	change("DeleteAudience", nil, func(tx users.Tx) error { return tx.DeleteAudience(ctx, billing.Name) })
	change("DeleteAudience of none", users.ErrNotFound, func(tx users.Tx) error { return tx.DeleteAudience(ctx, billing.Name) })
	if got, err := f.Audience(ctx, orders.Name); err != nil || got != orders {
		t.Errorf("Audience: %+v, %v", got, err)
	}
}

// testSessionAudience: a session keeps its audience through a refresh, and where it is found by a token.
func testSessionAudience(t *testing.T, f *fixture) {
	ctx := t.Context()
	a := f.addAccount("ada@example.com", f.role)
	s, secret := newSession(a, "one")
	s.Audience = "https://orders.example"
	wantError(t, "InsertSession", f.InRowTx(ctx, func(tx users.RowTx) error { return tx.InsertSession(ctx, s, secret) }), nil)
	rotated, err := f.RotateSession(ctx, rotation("one", 1))
	if err != nil || rotated.Audience != s.Audience {
		t.Errorf("rotated: %+v, %v", rotated, err)
	}
	found, err := f.PresentedSession(ctx, secret.Locator)
	if err != nil || found.Audience != s.Audience {
		t.Errorf("presented: %+v, %v", found, err)
	}
	listed, err := f.Sessions(ctx, a.ID, s.CreatedAt)
	if err != nil || len(listed) != 1 || listed[0].Audience != s.Audience {
		t.Errorf("listed: %+v, %v", listed, err)
	}
}

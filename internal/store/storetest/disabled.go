package storetest

import (
	"testing"
	"time"

	"github.com/svc-users/svc-users"
)

// testDisabledByHand: an account that is disabled by SQL alone, and enabled again, has a version that no token from
// before has, in every form of SQL that disables; one that stays disabled, or enabled, keeps its version.
func testDisabledByHand(t *testing.T, f *fixture) {
	a, other := f.addAccount("ada@example.com", f.role), f.addAccount("bob@example.com", f.role)
	version := func(id users.ID) int64 {
		t.Helper()
		account, err := f.Account(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return account.TokenVersion
	}
	for _, disable := range []string{
		`UPDATE accounts SET is_active = '0' WHERE email_key = 'ada@example.com'`,
		`UPDATE accounts SET is_active = '0', updated_at = updated_at, token_version = token_version WHERE email_key LIKE 'ada%'`,
		`INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
			SELECT id, email, email_key, password_hash, role_id, '0', 1, created_at, updated_at FROM accounts WHERE email_key = 'ada@example.com'
			ON CONFLICT (id) DO UPDATE SET is_active = excluded.is_active`,
	} {
		before, began := version(a.ID), time.Now().Unix()
		byHand(t, f.url, disable)
		disabled := version(a.ID)
		if disabled <= before || disabled < began {
			t.Errorf("%s: the version is %d, was %d, and the time %d", disable, disabled, before, began)
		}
		byHand(t, f.url, `UPDATE accounts SET is_active = '0'`)
		byHand(t, f.url, `UPDATE accounts SET is_active = '1' WHERE email_key = 'ada@example.com'`)
		if enabled := version(a.ID); enabled != disabled {
			t.Errorf("%s: the version is %d after enabling, %d before", disable, enabled, disabled)
		}
	}
	// Disabled once, with the first of the statements for all; and what the service sets is kept.
	if got := version(other.ID); got == 1 || got > time.Now().Unix() {
		t.Errorf("the other's version is %d", got)
	}
	byHand(t, f.url, `UPDATE accounts SET is_active = '0', token_version = 3000000000 WHERE email_key = 'ada@example.com'`)
	if got := version(a.ID); got != 3_000_000_000 {
		t.Errorf("the version is %d, and 3000000000 was set", got)
	}
}

package password

import (
	"errors"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

func TestPanicBecomesAnError(t *testing.T) {
	t.Parallel()
	var c counter
	h := newHasher(Options{Cost: MinCost, Workers: 1, MaxWait: unhurried}, c.count(func(key []byte, _ [saltSize]byte, n int) [digestSize]byte {
		if c.calls.Load() > 3 { // those that measure the hash time
			panic("key: " + string(key))
		}
		return [digestSize]byte{}
	}), noRest)
	t.Cleanup(h.Close)
	for range 3 { // the one worker survives each
		hash, err := h.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword("battery!"))
		if err == nil || hash != "" {
			t.Fatalf("Hash: got %q, %v", string(hash), err)
		}
		if strings.Contains(err.Error(), "battery!") {
			t.Errorf("the error tells the password: %v", err)
		}
		if !strings.Contains(err.Error(), "TestPanicBecomesAnError") {
			t.Errorf("the error does not tell where: %v", err)
		}
		if errors.Is(err, users.ErrUnavailable) {
			t.Errorf("a defect looks like overload: %v", err)
		}
		check, err := h.Check(t.Context(), users.PurposeLogin, nil, "", users.PresentedPassword("battery!"))
		if err == nil || check != (users.PasswordCheck{}) {
			t.Fatalf("Check: got %+v, %v", check, err)
		}
	}
}

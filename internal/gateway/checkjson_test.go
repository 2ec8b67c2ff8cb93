package gateway

import (
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"github.com/svc-users/svc-users/internal/web"
)

// TestEncodedAsByReflection: what is written by hand is what the general encoder writes, for every
// value, and fails where that fails.
func TestEncodedAsByReflection(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\"b\\c", "</script>&", "\u2028\x00\x1f\x7f", "\xff", "ünï 🦊"}))
	checked := rapid.Custom(func(t *rapid.T) Checked {
		permission := rapid.Custom(func(t *rapid.T) CheckedPermission {
			return CheckedPermission{Name: text.Draw(t, "name"), Allowed: rapid.Bool().Draw(t, "allowed")}
		})
		return Checked{
			AccountID: text.Draw(t, "id"), IsActive: rapid.Bool().Draw(t, "active"), Allowed: rapid.Bool().Draw(t, "all"),
			Permissions: rapid.SliceOfN(permission, 0, 3).Draw(t, "permissions"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		value := checked.Draw(t, "checked")
		want, wantErr := json.Marshal(value)
		got, err := web.AppendJSON([]byte("x"), value)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, by reflection %v", err, wantErr)
		}
		if err == nil && string(got) != "x"+string(want) {
			t.Fatalf("\n got %s\nwant x%s", got, want)
		}
	})
}

package api

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"github.com/svc-users/svc-users/internal/web"
)

// TestEncodedAsByReflection: what is written by hand is what the general encoder writes, for every
// value, and fails where that fails.
func TestEncodedAsByReflection(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\"b\\c", "</script>&", "\u2028\x00\x1f\x7f", "\xff", "ünï 🦊"}))
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(-60_000_000_000_000_000, 250_000_000_000_000_000).Draw(t, "µs")).UTC()
	})
	role := rapid.Custom(func(t *rapid.T) PlainRole {
		return PlainRole{
			ID: text.Draw(t, "id"), Name: text.Draw(t, "name"),
			Description: rapid.Ptr(text, true).Draw(t, "description"), ParentID: rapid.Ptr(text, true).Draw(t, "parent"),
			IsSystem: rapid.Bool().Draw(t, "system"), CreatedAt: moment.Draw(t, "created"), UpdatedAt: moment.Draw(t, "updated"),
		}
	})
	account := rapid.Custom(func(t *rapid.T) Account {
		return Account{
			ID: text.Draw(t, "id"), Email: text.Draw(t, "email"), RoleID: text.Draw(t, "role id"), Role: role.Draw(t, "role"),
			IsActive: rapid.Bool().Draw(t, "active"), CreatedAt: moment.Draw(t, "created"), UpdatedAt: moment.Draw(t, "updated"),
		}
	})
	me := rapid.Custom(func(t *rapid.T) Me {
		return Me{Account: account.Draw(t, "account"), Permissions: rapid.SliceOfN(text, 0, 3).Draw(t, "permissions")}
	})
	rapid.Check(t, func(t *rapid.T) {
		for _, value := range []any{account.Draw(t, "account"), me.Draw(t, "me"), exampleRole, exampleRole.ListedRole, examplePlainRole} {
			want, wantErr := json.Marshal(value)
			got, err := web.AppendJSON([]byte("x"), value)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("error %v, by reflection %v", err, wantErr)
			}
			if err == nil && string(got) != "x"+string(want) {
				t.Fatalf("\n got %s\nwant x%s", got, want)
			}
		}
	})
}

func BenchmarkEncodeAccount(b *testing.B) {
	value := web.Envelope{Code: 200, Message: "Account retrieved successfully", Data: exampleAccount}
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buffer, err = value.Append(buffer[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

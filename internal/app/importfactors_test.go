package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/seal"
)

// Second factors are kept so that neither the database nor another account's row shows them, and are encrypted anew with the
// signing keys.
func TestImportedFactors(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		key, err := seal.ParseKey(seal.GenerateKey())
		if err != nil {
			t.Fatal(err)
		}
		former, err := seal.NewRing(key)
		if err != nil {
			t.Fatal(err)
		}
		var both *seal.Ring
		svc := apitest.Start(t, apitest.Options{Engine: engine, Keyring: func(k *app.Keyring) {
			current, err := seal.ParseKey(apitest.EncryptionKey())
			if err != nil {
				t.Fatal(err)
			}
			if both, err = seal.NewRing(current, key); err != nil {
				t.Fatal(err)
			}
			k.Seals = both
		}})
		im := asOperator(svc, func(p *importer.Ports) { p.Seals = former })
		var file []string
		const n = 600 // more than are encrypted anew in one transaction
		for i := range n {
			file = append(file, fmt.Sprintf(`{"email":"f%d@example.org","role":"Import Fresh","password_hash":"%s","totp_secret":"JBSWY3DPEHPK3PXP"}`, i, importHash))
		}
		_, summary := runImport(t, im, lines(t, file...), importer.Options{CreateRoles: true})
		if summary.Factors != n {
			t.Fatalf("%+v", summary)
		}
		factors := func() (list []importer.Factor) {
			t.Helper()
			err := svc.Store.InTx(t.Context(), func(tx users.Tx) (err error) {
				list, err = tx.(importer.Tx).Factors(t.Context(), users.ID{}, 2*n)
				return err
			})
			if err != nil || len(list) != n {
				t.Fatal(len(list), err)
			}
			return list
		}
		before := factors()
		answer := svc.Post(t, "/api/v1/keys/rewrap", nil).Want(t, 200, "")
		if !strings.Contains(string(answer.Data), fmt.Sprintf(`"rewrapped":%d`, n)) {
			t.Errorf("%s", answer.Data)
		}
		after := factors()
		for i, f := range after {
			name := f.Account.String() + "/" + f.ID.String()
			plain, err := both.Open("imported-factors", name, f.Sealed)
			if err != nil || string(plain) != `{"secret":"JBSWY3DPEHPK3PXP","digits":6,"period":30,"algorithm":"SHA1"}` || !both.IsCurrent(f.Sealed) || f.Sealed == before[i].Sealed {
				t.Fatalf("%+v: %s, %v", f, plain, err)
			}
			if _, err := both.Open("imported-factors", name, before[(i+1)%n].Sealed); err == nil {
				t.Fatal("a factor opens for another account")
			}
		}
		svc.Post(t, "/api/v1/keys/rewrap", nil).Want(t, 200, "")
		if again := factors(); !slices.Equal(after, again) {
			t.Error("what is under the current key is encrypted anew")
		}
		// One that does not open is named, and is left as it is.
		svc.Exec(t, `UPDATE imported_factors SET sealed = 'v1.x.y' WHERE id = '`+after[3].ID.String()+`'`)
		if _, err := asOperator(svc, nil).Rewrap(t.Context(), users.AsOperator()); err == nil || !strings.Contains(err.Error(), "second factor "+after[3].ID.String()+" of account "+after[3].Account.String()) {
			t.Errorf("one that does not open: %v", err)
		}
	})
}

package authz

import (
	"slices"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/federation"
)

// programs puts the service accounts back.
func (r *restoring) programs() {
	for i, name := range keys(r.base.Accounts) {
		a := r.base.Accounts[name]
		if !a.service() {
			continue
		}
		want := users.ServiceAccount{
			Account: users.Account{
				ID: r.parsed(name), Kind: users.SubjectService, Name: users.AccountName(a.Name), Role: users.Role{ID: r.parsed(a.Role)},
				Active: a.Active, TokenVersion: a.Version, CreatedAt: at(i), UpdatedAt: at(i),
			},
			Description: pointer(a.About), Owner: users.Owner{Account: r.parsed(a.Owner)},
		}
		secrets, err := r.tx.ClientSecrets(r.ctx, want.ID) // of which the model has none
		r.do(err)
		for _, s := range secrets {
			r.do(r.tx.DeleteClientSecret(r.ctx, want.ID, s.ID))
		}
		r.deleteAssertions(want.ID)
		j := slices.IndexFunc(r.services, func(got users.ServiceAccount) bool { return got.ID == want.ID })
		if j < 0 {
			r.do(r.tx.InsertServiceAccount(r.ctx, want))
			continue
		}
		got := r.services[j]
		if got.Name != want.Name || !same(got.Description, want.Description) || got.Owner != want.Owner || got.Role.ID != want.Role.ID ||
			got.Active != want.Active || got.TokenVersion != want.TokenVersion || !got.UpdatedAt.Equal(want.UpdatedAt) {
			if got.Active && !want.Active { // as of people
				disabled := want
				disabled.TokenVersion = got.TokenVersion + 1
				r.do(r.tx.UpdateServiceAccount(r.ctx, disabled))
			}
			r.do(r.tx.UpdateServiceAccount(r.ctx, want))
		}
	}
}

// deleteAssertions deletes the keys and trusts of a service account, of which the model has none.
func (r *restoring) deleteAssertions(account users.ID) {
	tx := r.tx.(federation.Tx)
	keys, err := tx.ClientKeys(r.ctx, account)
	r.do(err)
	for _, k := range keys {
		r.do(tx.DeleteClientKey(r.ctx, account, k.ID))
	}
	trusts, err := tx.Trusts(r.ctx, account)
	r.do(err)
	for _, t := range trusts {
		r.do(tx.DeleteTrust(r.ctx, account, t.ID))
	}
}

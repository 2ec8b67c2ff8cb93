package password

import (
	"context"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/workpool"
)

// Keep makes of a hash of another system the one to store:
//
//	h, err := foreignhash.Read(text)
//	stored, err := hasher.Keep(ctx, h, foreignhash.Marks{AsTyped: true, First72: true})
//
// A weak hash is wrapped: what is kept is a hash of our own of its digest, such as
// $imported$as-typed$wrapped$salted-md5$at=start$c2FsdA$2b$12$…, for which Keep takes as long as Hash and has its errors.
// All others are kept as they are, at once. The mark First72 counts for plain bcrypt alone and is left out elsewhere.
// Check takes what Keep returns, and reports it as outdated when it matches.
func (h *Hasher) Keep(ctx context.Context, hash foreignhash.Hash, marks foreignhash.Marks) (users.PasswordHash, error) {
	if hash.Kind() != "bcrypt" {
		marks.First72 = false
	}
	if !hash.Weak() {
		return users.PasswordHash(marks.Prefix() + hash.Text()), nil
	}
	var made users.PasswordHash
	err := h.pool.Do(ctx, workpool.Class(users.PurposeNewAccount), func() { made = h.hash(wrapKey(hash.Digest())) })
	if err != nil {
		return "", err
	}
	return users.PasswordHash(marks.Prefix() + wrapPrefix + hash.Recipe() + string(made)), nil
}

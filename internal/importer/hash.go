package importer

import (
	"context"
	"errors"
	"runtime"

	"golang.org/x/sync/errgroup"

	users "github.com/svc-users/svc-users"
)

// takeHashes reads the hashes of those candidates that may become accounts, several at a time: a weak one is hashed anew.
func (r *run) takeHashes(ctx context.Context, batch []*candidate) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, c := range batch {
		if !c.usable() || c.existing != nil {
			continue
		}
		if c.Password == nil {
			r.withoutPassword(c, users.NoPassword, noneThere)
			continue
		}
		if c.Password.Problem != "" {
			r.withoutPassword(c, users.UnreadablePassword, "can't be read: "+c.Password.Problem)
			continue
		}
		g.Go(func() error { return r.takeHash(ctx, c) })
	}
	return g.Wait()
}

// noneThere is what is said of an account that has no password in the other system.
const noneThere = "is missing: the account has none there"

// takeHash reads the hash of a candidate, and makes what is kept of it unless nothing is to be changed.
func (r *run) takeHash(ctx context.Context, c *candidate) error {
	read, err := r.Hashes.Read(c.Password.Text)
	switch {
	case errors.Is(err, ErrNoPassword):
		r.withoutPassword(c, users.NoPassword, noneThere)
		return nil
	case err != nil:
		r.withoutPassword(c, users.UnreadablePassword, "can't be read: "+err.Error())
		return nil
	}
	if read.Note != "" {
		c.notes = append(c.notes, "password: "+read.Note)
	}
	if r.options.DryRun {
		c.hash = users.NoPassword // that it is there is all that is asked
		return nil
	}
	return r.patiently(ctx, func() (err error) {
		c.hash, err = read.Keep(ctx)
		return err
	})
}

// withoutPassword refuses an account that no password would be right for, or notes it and has something else kept as its
// hash.
func (r *run) withoutPassword(c *candidate, kept users.PasswordHash, why string) {
	if !r.options.AllowUnusable {
		c.Faults.Add("password", why+"; --allow-unusable imports the account, and no password is right until it gets one")
		return
	}
	c.hash = kept
	c.notes = append(c.notes, "password: "+why+"; no password is right until the account gets one")
}

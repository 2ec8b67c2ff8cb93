package users

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// AudienceName is what the claim aud of a token says whom the token is for: a URI such as https://orders.example.com, or
// a plain name without colons such as orders; 1 to 96 printable ASCII characters without spaces, commas, quotes and
// backslashes.
type AudienceName string

// Bounds in characters. Each token for an audience has room for both.
const (
	maxAudienceName     = 96
	maxPermissionPrefix = 32
)

// ParseAudienceName reads the name of an audience. The error is one sentence that does not repeat it.
func ParseAudienceName(s string) (AudienceName, error) {
	if _, err := ParsePermissionName(s); err != nil || len(s) > maxAudienceName || strings.ContainsAny(s, ",'`") {
		return "", errors.New("must have 1 to 96 printable ASCII characters without spaces, commas, quotes and backslashes")
	}
	if scheme, rest, found := strings.Cut(s, ":"); found && (!isScheme(scheme) || rest == "") {
		return "", errors.New("must be a URI, or a plain name without colons")
	}
	return AudienceName(s), nil
}

// isScheme reports whether s is a scheme of a URI (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && strings.IndexByte("+-.", c) < 0) {
			return false
		}
	}
	return s != ""
}

// PermissionPrefix is what the names of some permissions begin with, such as orders: of orders:read. It is spelled as a
// PermissionName, has at most 32 characters and does not end in a letter or a digit: orders would be that of orders-archive:read too.
type PermissionPrefix string

// ParsePermissionPrefix reads a prefix. The error is one sentence that does not repeat it.
func ParsePermissionPrefix(s string) (PermissionPrefix, error) {
	if _, err := ParsePermissionName(s); err != nil {
		return "", err
	}
	if len(s) > maxPermissionPrefix {
		return "", errors.New("must have at most 32 characters")
	}
	if c := s[len(s)-1]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
		return "", errors.New("must end in a separator, as orders: does")
	}
	return PermissionPrefix(s), nil
}

// Audience is a service that tokens can be asked for, as a declaration says: the permissions with its prefix are all that
// such a token has.
type Audience struct {
	Name      AudienceName
	Prefix    PermissionPrefix
	Owner     ServiceName // the service that declares it
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Narrowing is what makes a token one for a single declared audience. The zero value is that of a token without limits.
// Both parts are in the token, so that it stays as it was issued, whatever is declared later.
type Narrowing struct {
	Audience AudienceName     // the claim aud, the only one
	Prefix   PermissionPrefix // the claim permission_prefix
}

// IsZero reports whether nothing is narrowed.
func (n Narrowing) IsZero() bool { return n == Narrowing{} }

// Allows reports whether a token may have a permission, as far as its audience goes.
func (n Narrowing) Allows(p PermissionName) bool {
	return n.IsZero() || n.Prefix != "" && strings.HasPrefix(string(p), string(n.Prefix))
}

// narrowed returns those of the names that a token may have.
func (n Narrowing) narrowed(names []PermissionName) []PermissionName {
	if n.IsZero() {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(p PermissionName) bool { return !n.Allows(p) })
}

// in returns the permissions of a graph that a token may have.
func (n Narrowing) in(g *Graph) set {
	var slots []int
	for slot, p := range g.slots {
		if p != nil && n.Allows(p.Name) {
			slots = append(slots, slot)
		}
	}
	return newSet(slots...)
}

// refuse is ErrUnauthenticated for a token that is for a declared audience.
func (n Narrowing) refuse() error {
	if n.IsZero() {
		return nil
	}
	return unauthenticated(errors.New("the token is for the audience " + string(n.Audience)))
}

// AudienceReader reads declared audiences.
type AudienceReader interface {
	// Audience returns the audience of a name. ErrNotFound.
	Audience(ctx context.Context, name AudienceName) (Audience, error)
	// Audiences returns all of them, sorted by name.
	Audiences(ctx context.Context) ([]Audience, error)
}

// AudienceWriter changes audiences, inside a transaction.
type AudienceWriter interface {
	// InsertAudience returns ErrTaken for a name that exists.
	InsertAudience(ctx context.Context, a Audience) error
	// UpdateAudience writes Prefix and UpdatedAt. ErrNotFound.
	UpdateAudience(ctx context.Context, a Audience) error
	// DeleteAudience leaves tokens and sessions of the audience alone. ErrNotFound.
	DeleteAudience(ctx context.Context, name AudienceName) error
}

// CheckAudience is ErrConflict for an audience that a service cannot declare in place of the existing one, which is zero
// if there is none: one of another service, and one whose prefix is that of system permissions, or looks so.
func (k Skeleton) CheckAudience(a, existing Audience) error {
	if existing.Owner != "" && existing.Owner != a.Owner {
		return conflict("The audience " + string(a.Name) + " belongs to the service " + string(existing.Owner) + "; the service " + string(a.Owner) + " can't declare it.")
	}
	for _, reserved := range reservedResources {
		if strings.HasPrefix(reserved+":", string(a.Prefix)) {
			return conflict("Permissions of this service itself begin with " + string(a.Prefix) + "; an audience can't have that prefix.")
		}
	}
	return k.CheckPermissionName(NewGraph(nil, nil, nil), PermissionName(a.Prefix))
}

// DeclareAudience makes an audience, which needs permissions:create, or gives it another prefix, which needs
// permissions:update. ErrConflict as CheckAudience says.
func (s *Service) DeclareAudience(ctx context.Context, c Caller, in Audience) error {
	return s.Change(ctx, c, "", func(tx *Change) error {
		existing, err := tx.Audience(ctx, in.Name)
		isNew := errors.Is(err, ErrNotFound)
		if err != nil && !isNew {
			return err
		}
		need := PermissionsUpdate
		if isNew {
			need = PermissionsCreate
		}
		if err := tx.Caller.Require(need); err != nil {
			return err
		}
		if err := s.Skeleton.CheckAudience(in, existing); err != nil {
			return err
		}
		in.CreatedAt, in.UpdatedAt = tx.Now, tx.Now
		switch {
		case isNew:
			tx.Record(audienceEvent(AudienceCreated, Audience{}, in))
			return tx.InsertAudience(ctx, in)
		case existing.Prefix == in.Prefix:
			return nil
		}
		tx.Record(audienceEvent(AudienceUpdated, existing, in))
		return tx.UpdateAudience(ctx, in)
	})
}

// DeleteAudience needs permissions:delete. Tokens of the audience stay valid until they expire; its sessions cannot be
// continued. ErrNotFound.
func (s *Service) DeleteAudience(ctx context.Context, c Caller, name AudienceName) error {
	return s.Change(ctx, c, PermissionsDelete, func(tx *Change) error {
		existing, err := tx.Audience(ctx, name)
		if errors.Is(err, ErrNotFound) {
			return notFound("Audience")
		}
		if err != nil {
			return err
		}
		tx.Record(audienceEvent(AudienceDeleted, existing, Audience{}))
		return tx.DeleteAudience(ctx, name)
	})
}

// narrowing returns what makes a token one for a declared audience. ErrNotFound for a name that is not declared, and for
// an audience that every token has.
func (s *Service) narrowing(ctx context.Context, name AudienceName) (Narrowing, error) {
	if name == "" {
		return Narrowing{}, nil
	}
	if _, own := s.Tokens.IssuerAudience(); slices.Contains(own, string(name)) {
		return Narrowing{}, ErrNotFound
	}
	found, err := s.Store.Audience(ctx, name)
	if err != nil {
		return Narrowing{}, err
	}
	if found.Prefix == "" {
		return Narrowing{}, errors.New("the audience has no prefix")
	}
	return Narrowing{Audience: found.Name, Prefix: found.Prefix}, nil
}

// readAudience reads a field that asks for an audience, which may be absent.
func (f *Faults) readAudience(field string, text *string) AudienceName {
	if text == nil || f.Has(field) {
		return ""
	}
	name, err := ParseAudienceName(*text)
	if err != nil {
		f.Add(field, err.Error())
	}
	return name
}

// narrowingAsked is narrowing for a field of a request. ErrInvalid for an audience that is not declared.
func (s *Service) narrowingAsked(ctx context.Context, field string, name AudienceName) (Narrowing, error) {
	n, err := s.narrowing(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return Narrowing{}, Faults{{field, "is not an audience that a service declares"}}.Err()
	}
	return n, err
}

package store

import (
	"context"
	"database/sql"

	"github.com/svc-users/svc-users"
)

const audienceColumns = `name, permission_prefix, owner, created_at, updated_at`

func scanAudience(r *sql.Rows) (a users.Audience, err error) {
	return a, r.Scan((*string)(&a.Name), (*string)(&a.Prefix), (*string)(&a.Owner), (*timeColumn)(&a.CreatedAt), (*timeColumn)(&a.UpdatedAt))
}

// Audience implements users.AudienceReader. A standby may have an older prefix, which tokens must not be issued with.
func (q queries) Audience(ctx context.Context, name users.AudienceName) (users.Audience, error) {
	const doing = "read an audience"
	if err := q.refuseStandby(ctx, doing); err != nil {
		return users.Audience{}, err
	}
	return row(ctx, q, doing, scanAudience, `SELECT `+audienceColumns+` FROM audiences WHERE name = $1`, string(name))
}

// Audiences implements users.AudienceReader.
func (q queries) Audiences(ctx context.Context) ([]users.Audience, error) {
	return rows(ctx, q, "read the audiences", scanAudience, `SELECT `+audienceColumns+` FROM audiences ORDER BY name`)
}

// Audience implements users.AudienceReader.
func (s *Store) Audience(ctx context.Context, name users.AudienceName) (users.Audience, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) (users.Audience, error) { return s.reads().Audience(ctx, name) })
}

// Audiences implements users.AudienceReader.
func (s *Store) Audiences(ctx context.Context) ([]users.Audience, error) {
	return retry(ctx, s, s.readLimit, func(ctx context.Context) ([]users.Audience, error) { return s.reads().Audiences(ctx) })
}

// InsertAudience implements users.AudienceWriter.
func (q queries) InsertAudience(ctx context.Context, a users.Audience) error {
	return q.change(ctx, "insert an audience", users.ErrBadReference,
		`INSERT INTO audiences (`+audienceColumns+`) VALUES ($1, $2, $3, $4, $5)`,
		string(a.Name), string(a.Prefix), string(a.Owner), instant(a.CreatedAt), instant(a.UpdatedAt))
}

// UpdateAudience implements users.AudienceWriter.
func (q queries) UpdateAudience(ctx context.Context, a users.Audience) error {
	return q.change(ctx, "update an audience", users.ErrBadReference,
		`UPDATE audiences SET permission_prefix = $2, updated_at = $3 WHERE name = $1`, string(a.Name), string(a.Prefix), instant(a.UpdatedAt))
}

// DeleteAudience implements users.AudienceWriter.
func (q queries) DeleteAudience(ctx context.Context, name users.AudienceName) error {
	return q.change(ctx, "delete an audience", users.ErrInUse, `DELETE FROM audiences WHERE name = $1`, string(name))
}

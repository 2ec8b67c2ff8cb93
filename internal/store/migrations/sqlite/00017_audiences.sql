-- +goose Up
-- Audiences that services declare: a token that is asked for one of them is for that service alone, and has no permission
-- but those with the prefix.
CREATE TABLE audiences (
    name              TEXT    NOT NULL PRIMARY KEY,
    permission_prefix TEXT    NOT NULL,
    owner             TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the tokens of a session are for: the name of an audience, empty for all that the service has. No reference: a session
-- whose audience is no longer declared is refused at its next refresh, and never becomes one without limits.
ALTER TABLE account_sessions ADD COLUMN audience TEXT NOT NULL DEFAULT '';

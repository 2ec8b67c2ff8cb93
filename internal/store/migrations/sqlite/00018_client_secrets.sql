-- +goose Up
-- What service accounts authenticate with at the endpoints of OAuth. Of a secret the digest alone is kept: HMAC-SHA-256
-- under the row client_secrets of service_secrets, in base64url. used_at is written at most once a minute. Secrets are read
-- from the database each time that a client authenticates, so no other process has to be told of a change.
CREATE TABLE client_secrets (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest     TEXT    NOT NULL,
    last_four  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,                             -- never, if NULL
    used_at    INTEGER
) STRICT;
CREATE INDEX client_secrets_account ON client_secrets (account_id);

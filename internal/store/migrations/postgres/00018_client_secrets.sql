-- +goose Up
-- What service accounts authenticate with at the endpoints of OAuth. Of a secret the digest alone is kept: HMAC-SHA-256
-- under the row client_secrets of service_secrets, in base64url. used_at is written at most once a minute, and changes no
-- column that an index has (HOT). Secrets are read from the database each time that a client authenticates, so no other
-- process has to be told of a change.
CREATE TABLE client_secrets (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest     text        COLLATE "C" NOT NULL,
    last_four  text        COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,                         -- never, if NULL
    used_at    timestamptz
) WITH (fillfactor = 80);
CREATE INDEX client_secrets_account ON client_secrets (account_id);
REVOKE ALL ON TABLE client_secrets FROM PUBLIC;

-- +goose Up
-- What service accounts authenticate with by assertions (RFC 7523). Of a key either jwk is there, a public key as JSON, or
-- url, that of a JWK set. Keys and trusts are read from the database each time that a client authenticates, so no other
-- process has to be told of a change.
CREATE TABLE client_keys (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kid        TEXT NOT NULL,       -- may be empty
    algorithm  TEXT NOT NULL,       -- empty: any that is for its type
    thumbprint TEXT NOT NULL,       -- RFC 7638; empty with a url
    jwk        TEXT NOT NULL,       -- empty with a url
    url        TEXT NOT NULL,       -- empty with a jwk
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, thumbprint, url)
) STRICT;

-- Which assertions of an issuer are for a service account. claims are those that are required, as JSON: {"ref":"refs/heads/main"}.
CREATE TABLE client_trusts (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,       -- a pattern
    audience   TEXT NOT NULL,
    claims     TEXT NOT NULL,
    url        TEXT NOT NULL,       -- empty: discovered by the issuer
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX client_trusts_account ON client_trusts (account_id);

-- The assertions that service accounts have signed and used, each of which counts once: the SHA-256 of the id of the account
-- and the jti, in base64url. A row is deleted some time after its assertion has expired.
CREATE TABLE used_assertions (
    digest  TEXT NOT NULL PRIMARY KEY,
    until_at INTEGER NOT NULL
) STRICT;
CREATE INDEX used_assertions_until ON used_assertions (until_at);

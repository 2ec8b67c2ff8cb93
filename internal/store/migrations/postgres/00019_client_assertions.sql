-- +goose Up
-- What service accounts authenticate with by assertions (RFC 7523). Of a key either jwk is there, a public key as JSON, or
-- url, that of a JWK set. Keys and trusts are read from the database each time that a client authenticates, so no other
-- process has to be told of a change.
CREATE TABLE client_keys (
    id         uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kid        text        COLLATE "C" NOT NULL,       -- may be empty
    algorithm  text        COLLATE "C" NOT NULL,       -- empty: any that is for its type
    thumbprint text        COLLATE "C" NOT NULL,       -- RFC 7638; empty with a url
    jwk        text        COLLATE "C" NOT NULL,       -- empty with a url
    url        text        COLLATE "C" NOT NULL,       -- empty with a jwk
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, thumbprint, url)
);

-- Which assertions of an issuer are for a service account. claims are those that are required, as JSON: {"ref":"refs/heads/main"}.
CREATE TABLE client_trusts (
    id         uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    issuer     text        COLLATE "C" NOT NULL,
    subject    text        COLLATE "C" NOT NULL,       -- a pattern
    audience   text        COLLATE "C" NOT NULL,
    claims     text        COLLATE "C" NOT NULL,
    url        text        COLLATE "C" NOT NULL,       -- empty: discovered by the issuer
    created_at timestamptz NOT NULL
);
CREATE INDEX client_trusts_account ON client_trusts (account_id);

-- The assertions that service accounts have signed and used, each of which counts once: the SHA-256 of the id of the account
-- and the jti, in base64url. A row is deleted some time after its assertion has expired.
CREATE TABLE used_assertions (
    digest  text        COLLATE "C" NOT NULL PRIMARY KEY,
    until_at timestamptz NOT NULL
);
CREATE INDEX used_assertions_until ON used_assertions (until_at);
REVOKE ALL ON TABLE client_keys, client_trusts, used_assertions FROM PUBLIC;

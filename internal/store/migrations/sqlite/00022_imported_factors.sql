-- +goose Up
-- Second factors that came with an import, kept for when the service asks for one. sealed is encrypted under ENCRYPTION_KEY
-- (purpose imported-factors, name <account_id>/<id>). Nothing reads them at a login.
CREATE TABLE imported_factors (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind = 'totp'),
    sealed     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX imported_factors_account ON imported_factors (account_id);

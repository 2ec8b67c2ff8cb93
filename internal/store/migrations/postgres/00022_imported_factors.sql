-- +goose Up
-- Second factors that came with an import, kept for when the service asks for one. sealed is encrypted under ENCRYPTION_KEY
-- (purpose imported-factors, name <account_id>/<id>). Nothing reads them at a login.
CREATE TABLE imported_factors (
    id         uuid        NOT NULL PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       text        COLLATE "C" NOT NULL CHECK (kind = 'totp'),
    sealed     text        COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX imported_factors_account ON imported_factors (account_id);
REVOKE ALL ON TABLE imported_factors FROM PUBLIC;

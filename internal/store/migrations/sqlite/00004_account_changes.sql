-- +goose Up
-- What decides whether a token still says the truth, and an account that is gone, is kept for those who have to be told
-- later: an account's row has the position of its last such change.
CREATE TABLE account_changes (
    account_id TEXT    NOT NULL PRIMARY KEY,
    position   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tokens from before this migration may speak of accounts that have changed since.
INSERT INTO account_changes
SELECT a.id, 1, unixepoch() * 1000000 FROM accounts a JOIN roles r ON r.id = a.role_id
WHERE NOT a.is_active OR a.token_version > 1 OR a.updated_at <> a.created_at OR r.updated_at <> r.created_at;
CREATE INDEX account_changes_position ON account_changes (position, account_id);

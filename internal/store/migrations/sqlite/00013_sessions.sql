-- +goose Up
-- A session is a login that is continued by refresh tokens. Of those only digests are kept (SHA-256 in base64url): of the
-- locator, which finds the session and stays the same, of the secret that counts, and of the one before it. The salt, 16
-- bytes in base64url, is what the secret that counts was derived with from the one before.
CREATE TABLE account_sessions (
    id              TEXT    NOT NULL PRIMARY KEY,
    account_id      TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_version   INTEGER NOT NULL,
    locator_digest  TEXT    NOT NULL UNIQUE,
    token_digest    TEXT    NOT NULL,
    previous_digest TEXT    NOT NULL,
    salt            TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    used_at         INTEGER NOT NULL,
    rotated_at      INTEGER NOT NULL, -- by this database's clock, as recovered_at
    recovered_at    INTEGER,
    idle_until      INTEGER NOT NULL,
    ends_at         INTEGER NOT NULL,
    tokens_until    INTEGER NOT NULL,
    address         TEXT    NOT NULL,
    user_agent      TEXT    NOT NULL
) STRICT;
CREATE INDEX account_sessions_account ON account_sessions (account_id);

-- Sessions that have ended while access tokens of them may still be valid: their row is gone from account_sessions, by
-- whatever statement. The position is that of the change, as in account_changes; until_at leaves five minutes for the
-- leeway of those that verify tokens.
CREATE TABLE ended_sessions (
    session_id TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    until_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_sessions_account ON ended_sessions (account_id);
CREATE INDEX ended_sessions_position ON ended_sessions (position, session_id);

-- +goose StatementBegin
CREATE TRIGGER account_sessions_ended AFTER DELETE ON account_sessions
WHEN OLD.tokens_until > (unixepoch() - 300) * 1000000 BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16)), position = position + 1;
    INSERT INTO ended_sessions (session_id, account_id, position, until_at)
    SELECT OLD.id, OLD.account_id, position, OLD.tokens_until + 300000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, until_at = excluded.until_at;
END;
-- +goose StatementEnd
-- As in migration 8, the row of authorization_stamp is made anew before what changes would go unnoted.
-- +goose StatementBegin
CREATE TRIGGER account_sessions_stampless_delete BEFORE DELETE ON account_sessions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the trigger above.
-- +goose StatementBegin
CREATE TRIGGER account_sessions_replaced BEFORE INSERT ON account_sessions
WHEN EXISTS (SELECT 1 FROM account_sessions WHERE id = NEW.id OR locator_digest = NEW.locator_digest) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16)), position = position + 1;
    INSERT INTO ended_sessions (session_id, account_id, position, until_at)
    SELECT o.id, o.account_id, s.position, o.tokens_until + 300000000 FROM account_sessions o, authorization_stamp s
    WHERE o.id = NEW.id OR o.locator_digest = NEW.locator_digest
    ON CONFLICT DO UPDATE SET position = excluded.position, until_at = excluded.until_at;
END;
-- +goose StatementEnd

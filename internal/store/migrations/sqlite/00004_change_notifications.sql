-- +goose Up
-- What decides whether a token still says the truth, and an account that is gone, is kept for those who have to be
-- told later: an account's row has the position of its last such change. Positions rise in the order in which
-- transactions commit. The notifications that the name speaks of are PostgreSQL's; here every process sees by the
-- file itself that it has changed.
ALTER TABLE authorization_stamp ADD COLUMN position INTEGER NOT NULL DEFAULT 0;

CREATE TABLE account_changes (
    account_id TEXT    NOT NULL PRIMARY KEY,
    position   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_changes_position ON account_changes (position, account_id);

-- Tokens from before this migration may speak of accounts that have changed since.
UPDATE authorization_stamp SET position = 1;
INSERT INTO account_changes
SELECT a.id, 1, unixepoch() * 1000000 FROM accounts a JOIN roles r ON r.id = a.role_id
WHERE NOT a.is_active OR a.token_version > 1 OR a.updated_at <> a.created_at OR r.updated_at <> r.created_at;

-- +goose StatementBegin
CREATE TRIGGER accounts_changed_update AFTER UPDATE OF id, role_id, is_active, token_version ON accounts
WHEN OLD.id <> NEW.id OR OLD.role_id <> NEW.role_id OR OLD.is_active <> NEW.is_active OR OLD.token_version <> NEW.token_version BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO account_changes SELECT OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    INSERT INTO account_changes SELECT NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accounts_changed_delete AFTER DELETE ON accounts BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO account_changes SELECT OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the trigger above. With IGNORE nothing is deleted, and to
-- have said so does no harm: who is told of a change reads what the account is now.
-- +goose StatementBegin
CREATE TRIGGER accounts_changed_replace_insert BEFORE INSERT ON accounts
WHEN EXISTS (SELECT 1 FROM accounts WHERE number = NEW.number OR id = NEW.id OR email_key = NEW.email_key) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16)), position = position + 1;
    INSERT INTO account_changes SELECT a.id, s.position, unixepoch() * 1000000 FROM accounts a, authorization_stamp s
    WHERE a.number = NEW.number OR a.id = NEW.id OR a.email_key = NEW.email_key
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accounts_changed_replace_update BEFORE UPDATE OF number, id, email_key ON accounts
WHEN EXISTS (SELECT 1 FROM accounts WHERE number <> OLD.number AND (number = NEW.number OR id = NEW.id OR email_key = NEW.email_key)) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16)), position = position + 1;
    INSERT INTO account_changes SELECT a.id, s.position, unixepoch() * 1000000 FROM accounts a, authorization_stamp s
    WHERE a.number <> OLD.number AND (a.number = NEW.number OR a.id = NEW.id OR a.email_key = NEW.email_key)
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
DROP TRIGGER accounts_stamp_replace;

-- Tokens have roles by their names. When one is renamed, all who hold it count as changed.
-- +goose StatementBegin
CREATE TRIGGER roles_renamed AFTER UPDATE OF name ON roles WHEN OLD.name <> NEW.name BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO account_changes SELECT a.id, s.position, unixepoch() * 1000000 FROM accounts a, authorization_stamp s WHERE a.role_id = NEW.id
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd

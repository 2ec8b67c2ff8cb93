-- +goose Up
-- What decides whether a token still says the truth is noted in account_changes from here on. Positions rise in the
-- order in which transactions commit. The notifications that the name speaks of are PostgreSQL's; here every process
-- sees by the file itself that it has changed.
ALTER TABLE authorization_stamp ADD COLUMN position INTEGER NOT NULL DEFAULT 1;

-- What has changed since the migration before.
INSERT OR IGNORE INTO account_changes
SELECT a.id, 1, unixepoch() * 1000000 FROM accounts a JOIN roles r ON r.id = a.role_id
WHERE max(a.updated_at, r.updated_at) > (unixepoch() - 3600) * 1000000;

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
-- +goose StatementBegin
CREATE TRIGGER roles_replaced BEFORE INSERT ON roles
WHEN EXISTS (SELECT 1 FROM roles WHERE id = NEW.id OR name_key = NEW.name_key) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO account_changes SELECT a.id, s.position, unixepoch() * 1000000
    FROM accounts a JOIN roles r ON r.id = a.role_id, authorization_stamp s WHERE r.id = NEW.id OR r.name_key = NEW.name_key
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd

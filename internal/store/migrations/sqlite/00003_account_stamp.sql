-- +goose Up
-- A second stamp, which changes with whatever a process may keep of an account in memory: everything but the
-- hash of its password, which is read each time. A new account is nothing that anybody keeps, so creating one
-- leaves the stamp alone.
ALTER TABLE authorization_stamp ADD COLUMN account_stamp TEXT NOT NULL DEFAULT '';
UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));

-- +goose StatementBegin
CREATE TRIGGER accounts_stamp_update
AFTER UPDATE OF id, email, email_key, role_id, is_active, token_version, created_at, updated_at ON accounts BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accounts_stamp_delete AFTER DELETE ON accounts BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the trigger above.
-- +goose StatementBegin
CREATE TRIGGER accounts_stamp_replace BEFORE INSERT ON accounts
WHEN EXISTS (SELECT 1 FROM accounts WHERE id = NEW.id OR email_key = NEW.email_key) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd

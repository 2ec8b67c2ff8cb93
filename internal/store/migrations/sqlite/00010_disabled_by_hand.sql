-- +goose Up
-- Disabling an account ends its tokens for good, also by SQL that leaves token_version as it is: enabling the account
-- again brings none back. The version is what the service itself would set.
-- +goose StatementBegin
CREATE TRIGGER accounts_disabled AFTER UPDATE OF is_active ON accounts
WHEN OLD.is_active AND NOT NEW.is_active AND NEW.token_version = OLD.token_version BEGIN
    UPDATE accounts SET token_version = max(OLD.token_version + 1, unixepoch()) WHERE id = NEW.id;
END;
-- +goose StatementEnd

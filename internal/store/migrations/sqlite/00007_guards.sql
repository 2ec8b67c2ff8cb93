-- +goose Up
-- The row of the stamps may be deleted by hand, and what changes then must be noted all the same: it is made anew
-- before. Positions go on above all that were ever given away: no database has seen as many changes as there were
-- microseconds. The rest of this migration is PostgreSQL's.
-- +goose StatementBegin
CREATE TRIGGER accounts_stampless_update BEFORE UPDATE ON accounts WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000) FROM account_changes;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accounts_stampless_delete BEFORE DELETE ON accounts WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000) FROM account_changes;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_stampless_update BEFORE UPDATE ON roles WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000) FROM account_changes;
END;
-- +goose StatementEnd

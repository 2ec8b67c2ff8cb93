-- +goose Up
-- A second stamp, which changes with whatever a process may keep of an account in memory: everything but the
-- hash of its password, which is read each time. A new account is nothing that anybody keeps, so creating one
-- leaves the stamp alone.
ALTER TABLE authorization_stamp ADD COLUMN account_stamp text NOT NULL DEFAULT gen_random_uuid()::text;

-- +goose StatementBegin
CREATE FUNCTION renew_account_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE %I.authorization_stamp SET account_stamp = gen_random_uuid()::text', TG_TABLE_SCHEMA);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER accounts_stamp_update
    AFTER UPDATE OF id, email, email_key, role_id, is_active, token_version, created_at, updated_at ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION renew_account_stamp();
CREATE TRIGGER accounts_stamp_delete AFTER DELETE OR TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION renew_account_stamp();

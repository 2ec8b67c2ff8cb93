-- +goose Up
-- A service account is an account of a program: its name stands in email and email_key, where no e-mail can be the same,
-- because a name has no @. Its password_hash is '!', which no password matches.
ALTER TABLE accounts ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));

-- Each list of people is still one stretch of one index, however many service accounts there are. The last three are for
-- lists and counts of service accounts.
DROP INDEX accounts_created, accounts_state_created, accounts_state_email, accounts_role_created, accounts_role_email;
CREATE INDEX accounts_created ON accounts (created_at, id) WHERE kind = 'person';
CREATE INDEX accounts_email ON accounts (email_key) WHERE kind = 'person';
CREATE INDEX accounts_state_created ON accounts (is_active, created_at NULLS FIRST, id NULLS FIRST) WHERE kind = 'person';
CREATE INDEX accounts_state_email ON accounts (is_active, email_key NULLS FIRST) WHERE kind = 'person';
CREATE INDEX accounts_role_created ON accounts (role_id, (CAST(is_active AS integer)), created_at NULLS FIRST, id NULLS FIRST) WHERE kind = 'person';
CREATE INDEX accounts_role_email ON accounts (role_id, (CAST(is_active AS integer)), email_key NULLS FIRST) INCLUDE (is_active) WHERE kind = 'person';
CREATE INDEX accounts_services_created ON accounts (created_at, id) WHERE kind = 'service';
CREATE INDEX accounts_services_name ON accounts (email_key) WHERE kind = 'service';
CREATE INDEX accounts_services_role ON accounts (role_id, is_active) WHERE kind = 'service';

-- What only a service account has. owner_id is the account of its owner, owner the name of a service that declares it: at
-- most one of the two.
CREATE TABLE service_accounts (
    account_id  uuid PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    description text,
    owner_id    uuid REFERENCES accounts (id) ON DELETE SET NULL,
    owner       text COLLATE "C",
    CHECK (owner_id IS NULL OR owner IS NULL)
);
CREATE INDEX service_accounts_owner_id ON service_accounts (owner_id);
CREATE INDEX service_accounts_owner ON service_accounts (owner);

-- A person never becomes a program, or the other way round: tokens and keys of the one must not count for the other.
-- +goose StatementBegin
CREATE FUNCTION keep_account_kind() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the kind of an account never changes' USING ERRCODE = 'check_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER accounts_kind BEFORE UPDATE ON accounts
    FOR EACH ROW WHEN (OLD.kind <> NEW.kind) EXECUTE FUNCTION keep_account_kind();

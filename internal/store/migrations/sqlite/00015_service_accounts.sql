-- +goose Up
-- A service account is an account of a program: its name stands in email and email_key, where no e-mail can be the same,
-- because a name has no @. Its password_hash is '!', which no password matches.
ALTER TABLE accounts ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));

-- Each list of people is still one stretch of one index, however many service accounts there are. The last three are for
-- lists and counts of service accounts.
DROP INDEX accounts_created;
DROP INDEX accounts_state_created;
DROP INDEX accounts_state_email;
DROP INDEX accounts_role_created;
DROP INDEX accounts_role_email;
CREATE INDEX accounts_created ON accounts (created_at, id) WHERE kind = 'person';
CREATE INDEX accounts_email ON accounts (email_key) WHERE kind = 'person';
CREATE INDEX accounts_state_created ON accounts (is_active, created_at, id) WHERE kind = 'person';
CREATE INDEX accounts_state_email ON accounts (is_active, email_key) WHERE kind = 'person';
CREATE INDEX accounts_role_created ON accounts (role_id, CAST(is_active AS integer), created_at, id) WHERE kind = 'person';
CREATE INDEX accounts_role_email ON accounts (role_id, CAST(is_active AS integer), email_key) WHERE kind = 'person';
CREATE INDEX accounts_services_created ON accounts (created_at, id) WHERE kind = 'service';
CREATE INDEX accounts_services_name ON accounts (email_key) WHERE kind = 'service';
CREATE INDEX accounts_services_role ON accounts (role_id, is_active) WHERE kind = 'service';

-- What only a service account has. owner_id is the account of its owner, owner the name of a service that declares it: at
-- most one of the two.
CREATE TABLE service_accounts (
    account_id  TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    description TEXT,
    owner_id    TEXT REFERENCES accounts (id) ON DELETE SET NULL,
    owner       TEXT,
    CHECK (owner_id IS NULL OR owner IS NULL)
) STRICT;
CREATE INDEX service_accounts_owner_id ON service_accounts (owner_id);
CREATE INDEX service_accounts_owner ON service_accounts (owner);

-- A person never becomes a program, or the other way round: tokens and keys of the one must not count for the other.
-- +goose StatementBegin
CREATE TRIGGER accounts_kind BEFORE UPDATE OF kind ON accounts WHEN OLD.kind <> NEW.kind BEGIN
    SELECT RAISE(ABORT, 'the kind of an account never changes');
END;
-- +goose StatementEnd

-- +goose Up
-- What follows is short, but needs tables that processes of the version before may be reading at this moment, and they
-- do not all take them in one order. So nothing is waited for longer than it takes to notice a deadlock: the locks are
-- had all at once or given up again.
-- +goose StatementBegin
DO $$
BEGIN
    FOR attempt IN 1 .. 600 LOOP
        BEGIN
            SET LOCAL lock_timeout = '50ms';
            LOCK TABLE accounts, permissions IN ACCESS EXCLUSIVE MODE;
            SET LOCAL lock_timeout = DEFAULT;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_catalog.pg_sleep(pg_catalog.random() * CAST(0.05 AS double precision));
        END;
    END LOOP;
    RAISE EXCEPTION 'the tables are in use all the time; stop what reads or holds them for long and start again' USING ERRCODE = 'lock_not_available';
END
$$;
-- +goose StatementEnd

-- The permissions that guard this service's own API. A name that a later version will need can so be told from one
-- that somebody else has made, even where versions are passed over on the way.
ALTER TABLE permissions ADD COLUMN is_system boolean NOT NULL DEFAULT false;
UPDATE permissions SET is_system = true WHERE name IN (
    'accounts:create', 'accounts:read', 'accounts:update', 'accounts:delete',
    'roles:create', 'roles:read', 'roles:update', 'roles:delete',
    'permissions:create', 'permissions:read', 'permissions:update', 'permissions:delete',
    'tokens:introspect', 'changes:read');

-- The password is one that seed has set and the documentation tells. Setting another clears it; replacing the hash of
-- the same password does not. SQL by hand that sets password_hash has to clear it too.
ALTER TABLE accounts ADD COLUMN has_demo_password boolean NOT NULL DEFAULT false;
CREATE INDEX accounts_demo_password ON accounts (email_key) WHERE has_demo_password;
UPDATE accounts SET has_demo_password = true WHERE email_key IN ('admin@example.com', 'user@example.com');

-- When an account changed its e-mail, or tried to: what bounds how many addresses it can be used to ask about. Rows are
-- of use for a day, also those of an account that is gone: nothing refers to them.
CREATE TABLE email_changes (
    account_id uuid        NOT NULL,
    tried_at   timestamptz NOT NULL
);
CREATE INDEX email_changes_account ON email_changes (account_id, tried_at);
CREATE INDEX email_changes_tried ON email_changes (tried_at);

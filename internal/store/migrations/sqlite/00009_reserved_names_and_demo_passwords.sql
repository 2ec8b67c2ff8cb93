-- +goose Up
-- The permissions that guard this service's own API. A name that a later version will need can so be told from one
-- that somebody else has made, even where versions are passed over on the way.
ALTER TABLE permissions ADD COLUMN is_system INTEGER NOT NULL DEFAULT 0 CHECK (is_system IN (0, 1));
UPDATE permissions SET is_system = 1 WHERE name IN (
    'accounts:create', 'accounts:read', 'accounts:update', 'accounts:delete',
    'roles:create', 'roles:read', 'roles:update', 'roles:delete',
    'permissions:create', 'permissions:read', 'permissions:update', 'permissions:delete',
    'tokens:introspect', 'changes:read');

-- The password is one that seed has set and the documentation tells. Setting another clears it; replacing the hash of
-- the same password does not. SQL by hand that sets password_hash has to clear it too.
ALTER TABLE accounts ADD COLUMN has_demo_password INTEGER NOT NULL DEFAULT 0 CHECK (has_demo_password IN (0, 1));
CREATE INDEX accounts_demo_password ON accounts (email_key) WHERE has_demo_password;
UPDATE accounts SET has_demo_password = 1 WHERE email_key IN ('admin@example.com', 'user@example.com');

-- When an account changed its e-mail, or tried to: what bounds how many addresses it can be used to ask about. Rows are
-- of use for a day, also those of an account that is gone: nothing refers to them.
CREATE TABLE email_changes (
    account_id TEXT    NOT NULL,
    tried_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX email_changes_account ON email_changes (account_id, tried_at);
CREATE INDEX email_changes_tried ON email_changes (tried_at);

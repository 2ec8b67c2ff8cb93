-- +goose Up
-- API keys. Of the secret in a key the digest alone is kept: HMAC-SHA-256 under the row api_keys of service_secrets, in
-- base64url. The scope is sorted names of permissions with a space between them; they refer to permissions by name, as
-- those who ask do. used_at is written at most once a minute.
CREATE TABLE api_keys (
    id           TEXT    NOT NULL PRIMARY KEY,
    account_id   TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest       TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    last_four    TEXT    NOT NULL,
    scope        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,          -- never, if NULL
    used_at      INTEGER,
    successor_id TEXT              -- of a key that was rotated
) STRICT;
CREATE INDEX api_keys_account ON api_keys (account_id);

-- Processes keep keys in memory, each for as long as nothing of any account has changed. So a change of a key is a change
-- of an account, but for used_at. A new key is no change: that there was none is never kept. While the row of
-- authorization_stamp is missing nothing is kept, and the one that is made in its place has another stamp.
-- +goose StatementBegin
CREATE TRIGGER api_keys_changed AFTER UPDATE ON api_keys
WHEN (OLD.id, OLD.account_id, OLD.digest, OLD.name, OLD.last_four, OLD.scope, OLD.created_at, OLD.expires_at, OLD.successor_id)
    IS NOT (NEW.id, NEW.account_id, NEW.digest, NEW.name, NEW.last_four, NEW.scope, NEW.created_at, NEW.expires_at, NEW.successor_id) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_ended AFTER DELETE ON api_keys BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the trigger above.
-- +goose StatementBegin
CREATE TRIGGER api_keys_replaced BEFORE INSERT ON api_keys
WHEN EXISTS (SELECT 1 FROM api_keys WHERE id = NEW.id OR digest = NEW.digest) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd

-- +goose Up
-- The keys that sign tokens. Who signs at a time follows from the rows and the clock; nothing here says so but the times.
CREATE TABLE signing_keys (
    slot         INTEGER NOT NULL PRIMARY KEY CHECK (slot > 0), -- place in the order in which keys sign, each taken once
    kid          TEXT    NOT NULL UNIQUE CHECK (kid <> ''),
    algorithm    TEXT    NOT NULL,                          -- of JWS, such as RS256
    public_key   TEXT    NOT NULL,                          -- base64 of the SubjectPublicKeyInfo in DER
    private_key  TEXT    NOT NULL,                          -- PKCS#8 in DER, encrypted under ENCRYPTION_KEY; '' when no longer needed
    published_at INTEGER NOT NULL,
    signs_from   INTEGER NOT NULL,
    signs_until  INTEGER NOT NULL,                          -- planned; in fact the next slot's signs_from
    token_life   INTEGER NOT NULL CHECK (token_life > 0),   -- longest life of a token that it has signed, in microseconds
    revoked_at   INTEGER
) STRICT;

-- Which key a key id named first. Verifiers remember a key by its id, so an id must never name another.
CREATE TABLE signing_key_names (
    kid        TEXT    NOT NULL PRIMARY KEY,
    thumbprint TEXT    NOT NULL, -- RFC 7638
    named_at   INTEGER NOT NULL
) STRICT;

-- key_stamp is drawn anew with each change of signing_keys, and account_stamp with it: a process that holds the stamp of
-- the accounts holds that of the keys. key_position is the position of the last change of the keys, for those who follow
-- changes.
ALTER TABLE authorization_stamp ADD COLUMN key_stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_stamp ADD COLUMN key_position INTEGER NOT NULL DEFAULT 0;
UPDATE authorization_stamp SET key_stamp = hex(randomblob(16));

-- A row that was deleted by hand is made anew: the keys may have changed meanwhile.
-- +goose StatementBegin
CREATE TRIGGER authorization_stamp_keys AFTER INSERT ON authorization_stamp BEGIN
    UPDATE authorization_stamp SET key_stamp = hex(randomblob(16)), key_position = position;
END;
-- +goose StatementEnd

-- Every process reads the accounts anew that it has in memory, which were admitted with the keys of before. REPLACE needs
-- no trigger of its own: what it inserts is a change.
-- +goose StatementBegin
CREATE TRIGGER signing_keys_inserted AFTER INSERT ON signing_keys BEGIN
    UPDATE authorization_stamp SET key_stamp = hex(randomblob(16)), account_stamp = hex(randomblob(16)),
        position = position + 1, key_position = position + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signing_keys_updated AFTER UPDATE ON signing_keys BEGIN
    UPDATE authorization_stamp SET key_stamp = hex(randomblob(16)), account_stamp = hex(randomblob(16)),
        position = position + 1, key_position = position + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signing_keys_deleted AFTER DELETE ON signing_keys BEGIN
    UPDATE authorization_stamp SET key_stamp = hex(randomblob(16)), account_stamp = hex(randomblob(16)),
        position = position + 1, key_position = position + 1;
END;
-- +goose StatementEnd

-- +goose Up
-- The table is made anew with a number for each row, by which the index of trigrams below names it. The rowids
-- that SQLite gives by itself would not do: VACUUM may change them.
CREATE TABLE numbered_accounts (
    number        INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    role_id       TEXT    NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    is_active     INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    token_version INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
INSERT INTO numbered_accounts (id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at)
SELECT id, email, email_key, password_hash, role_id, is_active, token_version, created_at, updated_at
FROM accounts ORDER BY created_at, id;
DROP TABLE accounts;
ALTER TABLE numbered_accounts RENAME TO accounts;

-- Each list of accounts is one stretch of one index, whatever the filter, in the order it is wanted in. Two
-- stretches make the list of a role whether active or not. That of all accounts has accounts_created and the
-- unique index of the addresses. That an index with a role has the state as a number is for PostgreSQL's sake.
CREATE INDEX accounts_created ON accounts (created_at, id);
CREATE INDEX accounts_state_created ON accounts (is_active, created_at, id);
CREATE INDEX accounts_state_email ON accounts (is_active, email_key);
CREATE INDEX accounts_role_created ON accounts (role_id, CAST(is_active AS integer), created_at, id);
CREATE INDEX accounts_role_email ON accounts (role_id, CAST(is_active AS integer), email_key);

-- How many accounts there are, so that nobody has to count them. There is one shard, since there is one writer.
CREATE TABLE account_counts (
    role_id   TEXT    NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    is_active INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    total     INTEGER NOT NULL,
    PRIMARY KEY (role_id, is_active, shard)
) STRICT, WITHOUT ROWID;
INSERT INTO account_counts SELECT role_id, is_active, 0, count(*) FROM accounts GROUP BY role_id, is_active;

-- Parts of addresses are found by their trigrams: all runs of three characters. An address that contains a text
-- has all trigrams of the text; where in it they are is not kept (detail=none), since each address that is
-- found is looked at anyway, and the index is a third of the size. automerge is above its default of 4, so
-- that an insert after a bulk load seldom has to merge for tens of milliseconds.
CREATE VIRTUAL TABLE accounts_search USING fts5 (
    email_key, content = 'accounts', content_rowid = 'number', columnsize = 0, detail = none,
    tokenize = 'trigram case_sensitive 1'
);
INSERT INTO accounts_search (accounts_search, rank) VALUES ('automerge', 8);
INSERT INTO accounts_search (accounts_search) VALUES ('rebuild');
INSERT INTO accounts_search (accounts_search) VALUES ('optimize');

-- REPLACE deletes what stands in its way without telling a trigger. So what a new row would replace is noted
-- before, and taken out of the counts and the trigrams after, if it has come to that: with IGNORE it has not.
CREATE TABLE accounts_replaced (
    number    INTEGER PRIMARY KEY,
    email_key TEXT    NOT NULL,
    role_id   TEXT    NOT NULL,
    is_active INTEGER NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER accounts_replaced_insert BEFORE INSERT ON accounts
WHEN EXISTS (SELECT 1 FROM accounts WHERE number = NEW.number OR id = NEW.id OR email_key = NEW.email_key)
    OR EXISTS (SELECT 1 FROM accounts_replaced) BEGIN
    DELETE FROM accounts_replaced;
    INSERT INTO accounts_replaced SELECT number, email_key, role_id, is_active FROM accounts
    WHERE number = NEW.number OR id = NEW.id OR email_key = NEW.email_key;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accounts_replaced_update BEFORE UPDATE OF number, id, email_key, role_id, is_active ON accounts
WHEN EXISTS (SELECT 1 FROM accounts WHERE number <> OLD.number AND (number = NEW.number OR id = NEW.id OR email_key = NEW.email_key))
    OR EXISTS (SELECT 1 FROM accounts_replaced) BEGIN
    DELETE FROM accounts_replaced;
    INSERT INTO accounts_replaced SELECT number, email_key, role_id, is_active FROM accounts
    WHERE number <> OLD.number AND (number = NEW.number OR id = NEW.id OR email_key = NEW.email_key);
END;
-- +goose StatementEnd
-- What was replaced goes first: the new row may have its number.
-- +goose StatementBegin
CREATE TRIGGER accounts_count_insert AFTER INSERT ON accounts BEGIN
    INSERT INTO accounts_search (accounts_search, rowid, email_key) SELECT 'delete', number, email_key FROM accounts_replaced;
    INSERT INTO account_counts SELECT role_id, is_active, 0, -1 FROM accounts_replaced WHERE true
    ON CONFLICT DO UPDATE SET total = total - 1;
    DELETE FROM accounts_replaced;
    INSERT INTO accounts_search (rowid, email_key) VALUES (NEW.number, NEW.email_key);
    INSERT INTO account_counts VALUES (NEW.role_id, NEW.is_active, 0, 1) ON CONFLICT DO UPDATE SET total = total + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accounts_count_update AFTER UPDATE OF number, id, email_key, role_id, is_active ON accounts
WHEN OLD.number <> NEW.number OR OLD.email_key <> NEW.email_key OR OLD.role_id <> NEW.role_id OR OLD.is_active <> NEW.is_active
    OR EXISTS (SELECT 1 FROM accounts_replaced) BEGIN
    INSERT INTO accounts_search (accounts_search, rowid, email_key) SELECT 'delete', number, email_key FROM accounts_replaced;
    INSERT INTO account_counts SELECT role_id, is_active, 0, -1 FROM accounts_replaced WHERE true
    ON CONFLICT DO UPDATE SET total = total - 1;
    DELETE FROM accounts_replaced;
    INSERT INTO accounts_search (accounts_search, rowid, email_key) SELECT 'delete', OLD.number, OLD.email_key
    WHERE OLD.number <> NEW.number OR OLD.email_key <> NEW.email_key;
    INSERT INTO accounts_search (rowid, email_key) SELECT NEW.number, NEW.email_key
    WHERE OLD.number <> NEW.number OR OLD.email_key <> NEW.email_key;
    INSERT INTO account_counts VALUES (OLD.role_id, OLD.is_active, 0, -1) ON CONFLICT DO UPDATE SET total = total - 1;
    INSERT INTO account_counts VALUES (NEW.role_id, NEW.is_active, 0, 1) ON CONFLICT DO UPDATE SET total = total + 1;
END;
-- +goose StatementEnd
-- With recursive_triggers REPLACE does tell this one, and what it was told must not be taken out twice.
-- +goose StatementBegin
CREATE TRIGGER accounts_count_delete AFTER DELETE ON accounts BEGIN
    INSERT INTO accounts_search (accounts_search, rowid, email_key) VALUES ('delete', OLD.number, OLD.email_key);
    INSERT INTO account_counts VALUES (OLD.role_id, OLD.is_active, 0, -1) ON CONFLICT DO UPDATE SET total = total - 1;
    DELETE FROM accounts_replaced WHERE number = OLD.number;
END;
-- +goose StatementEnd

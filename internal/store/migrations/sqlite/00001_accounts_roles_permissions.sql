-- +goose Up
-- Times are microseconds since 1970 in UTC: whole numbers sort as times do, take eight bytes in each index and
-- come back exactly as they were written. To read them by hand: datetime(created_at / 1000000, 'unixepoch').
-- STRICT tables refuse a value of another type, as PostgreSQL does.

CREATE TABLE roles (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL UNIQUE,
    description TEXT,
    parent_id   TEXT    REFERENCES roles (id) ON DELETE RESTRICT,
    is_system   INTEGER NOT NULL CHECK (is_system IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX roles_parent ON roles (parent_id);
-- There is one role Admin.
CREATE UNIQUE INDEX roles_one_system ON roles (is_system) WHERE is_system;

CREATE TABLE permissions (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE role_permissions (
    role_id       TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission_id TEXT NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    PRIMARY KEY (role_id, permission_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_permissions_permission ON role_permissions (permission_id);

CREATE TABLE accounts (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    role_id       TEXT    NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    is_active     INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    token_version INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
-- Each list is read along an index: all accounts, those of a role, those disabled. The few that are disabled
-- need an index; for the many that are not, the plain one does.
CREATE INDEX accounts_created ON accounts (created_at, id);
CREATE INDEX accounts_role_created ON accounts (role_id, created_at, id);
CREATE INDEX accounts_role_email ON accounts (role_id, email_key);
CREATE INDEX accounts_disabled_created ON accounts (created_at, id) WHERE NOT is_active;
CREATE INDEX accounts_disabled_email ON accounts (email_key) WHERE NOT is_active;

-- The stamp changes with whatever decides who may do what: roles, permissions, assignments. A process that
-- keeps them in memory compares stamps to learn whether what it keeps is still true. It is drawn at random, so
-- that a stamp, once seen, never comes back with other content, not even after a rollback or a restore.
CREATE TABLE authorization_stamp (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    stamp    TEXT    NOT NULL
) STRICT;
INSERT INTO authorization_stamp VALUES (1, hex(randomblob(16)));

-- +goose StatementBegin
CREATE TRIGGER roles_stamp_insert AFTER INSERT ON roles BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_stamp_update AFTER UPDATE ON roles BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_stamp_delete AFTER DELETE ON roles BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_stamp_insert AFTER INSERT ON permissions BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_stamp_update AFTER UPDATE ON permissions BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_stamp_delete AFTER DELETE ON permissions BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_stamp_insert AFTER INSERT ON role_permissions BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_stamp_update AFTER UPDATE ON role_permissions BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_stamp_delete AFTER DELETE ON role_permissions BEGIN
    UPDATE authorization_stamp SET stamp = hex(randomblob(16));
END;
-- +goose StatementEnd

-- Keys that all processes on this database share and that exist nowhere else.
CREATE TABLE service_secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

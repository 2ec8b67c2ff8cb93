-- +goose Up
-- Text that is compared is compared by its bytes (COLLATE "C"), whatever the database's own collation: what
-- is equal and what comes first is decided in Go, and the same on every engine.

CREATE TABLE roles (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    name_key    text        COLLATE "C" NOT NULL UNIQUE,
    description text,
    parent_id   uuid        REFERENCES roles (id) ON DELETE RESTRICT,
    is_system   boolean     NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX roles_parent ON roles (parent_id);
-- There is one role Admin.
CREATE UNIQUE INDEX roles_one_system ON roles (is_system) WHERE is_system;

CREATE TABLE permissions (
    id          uuid        PRIMARY KEY,
    name        text        COLLATE "C" NOT NULL UNIQUE,
    description text,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

CREATE TABLE role_permissions (
    role_id       uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission_id uuid NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX role_permissions_permission ON role_permissions (permission_id);

CREATE TABLE accounts (
    id            uuid        PRIMARY KEY,
    email         text        NOT NULL,
    email_key     text        COLLATE "C" NOT NULL UNIQUE,
    password_hash text        NOT NULL,
    role_id       uuid        NOT NULL REFERENCES roles (id) ON DELETE RESTRICT,
    is_active     boolean     NOT NULL,
    token_version bigint      NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
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
    only_row boolean PRIMARY KEY CHECK (only_row),
    stamp    text    NOT NULL
);
INSERT INTO authorization_stamp VALUES (true, gen_random_uuid()::text);

-- The table is found beside the one that changed, so that SQL by hand counts too, whatever its search_path.
-- +goose StatementBegin
CREATE FUNCTION renew_authorization_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE %I.authorization_stamp SET stamp = gen_random_uuid()::text', TG_TABLE_SCHEMA);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER roles_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON roles
    FOR EACH STATEMENT EXECUTE FUNCTION renew_authorization_stamp();
CREATE TRIGGER permissions_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON permissions
    FOR EACH STATEMENT EXECUTE FUNCTION renew_authorization_stamp();
CREATE TRIGGER role_permissions_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON role_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION renew_authorization_stamp();

-- Keys that all processes on this database share and that exist nowhere else.
CREATE TABLE service_secrets (
    name  text  PRIMARY KEY,
    value bytea NOT NULL
);

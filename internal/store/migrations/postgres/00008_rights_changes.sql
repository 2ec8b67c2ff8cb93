-- +goose Up
-- Followers of changes are told of roles and permissions one by one, as they are of accounts: each has the position
-- of the last change of what is told of it, also when it is gone. Roles are told by their ids, tokens carry the id of
-- the role, and so the rename of a role changes one row here and no account.
--
--     kind  what            what is told of it, and so counts as a change
--     1     a permission    its name, and that it is gone
--     2     a role          its name, parent, is_system, the permissions assigned to it, and that it is gone
CREATE TABLE rights_changes (
    kind       smallint    NOT NULL CHECK (kind IN (1, 2)),
    id         uuid        NOT NULL,
    position   bigint      NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX rights_changes_position ON rights_changes (position, kind, id);

-- Each position that was ever reached has a mark, drawn at random. A cursor names the last one of when it was made.
-- In a database of which a backup was restored that mark does not exist, though its position may have been reached
-- again. Marks of some days ago are deleted, but never the last.
CREATE TABLE change_marks (
    position bigint      PRIMARY KEY,
    mark     text        COLLATE "C" NOT NULL,
    made_at  timestamptz NOT NULL
);

-- As in migration 5: the locks are had all at once or given up again, since processes of the version before do not all
-- take the tables in one order.
-- +goose StatementBegin
DO $$
BEGIN
    FOR attempt IN 1 .. 600 LOOP
        BEGIN
            SET LOCAL lock_timeout = '50ms';
            LOCK TABLE accounts, roles, permissions, role_permissions, authorization_stamp IN ACCESS EXCLUSIVE MODE;
            SET LOCAL lock_timeout = DEFAULT;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep(random() * 0.05);
        END;
    END LOOP;
    RAISE EXCEPTION 'the tables are in use all the time; stop what reads or holds them for long and start again' USING ERRCODE = 'lock_not_available';
END
$$;
-- +goose StatementEnd

DROP TRIGGER roles_renamed ON roles;
DROP FUNCTION note_renamed_roles();

-- The functions find nothing but in pg_catalog, and name each table by the schema of the one that changed, so that
-- nothing that others have made in a schema of the search_path is ever taken for what is meant here. They hold the row
-- of authorization_stamp until the transaction ends, so that positions rise in the order in which transactions commit.

-- +goose StatementBegin
CREATE FUNCTION mark_position() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.change_marks (position, mark, made_at) VALUES ($1, $2, $3)
        ON CONFLICT (position) DO UPDATE SET mark = excluded.mark, made_at = excluded.made_at', TG_TABLE_SCHEMA)
        USING NEW.position, CAST(gen_random_uuid() AS text), clock_timestamp();
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER authorization_stamp_position AFTER UPDATE OF position ON authorization_stamp
    FOR EACH ROW WHEN (OLD.position <> NEW.position) EXECUTE FUNCTION mark_position();
-- A row that was deleted by hand is made anew.
CREATE TRIGGER authorization_stamp_made AFTER INSERT ON authorization_stamp FOR EACH ROW EXECUTE FUNCTION mark_position();

-- The first argument is the kind, the second a query for the ids of what has changed, in which %1$I is the schema.
-- +goose StatementBegin
CREATE FUNCTION note_rights_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('WITH changed AS (SELECT DISTINCT found.id FROM (' || TG_ARGV[1] || ') AS found (id)),
        moved AS (UPDATE %1$I.authorization_stamp SET position = position + CAST(1 AS bigint) WHERE EXISTS (SELECT FROM changed) RETURNING position)
        INSERT INTO %1$I.rights_changes (kind, id, position, changed_at)
        SELECT $1, changed.id, moved.position, clock_timestamp() FROM changed CROSS JOIN moved
        ON CONFLICT (kind, id) DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at', TG_TABLE_SCHEMA)
        USING CAST(TG_ARGV[0] AS smallint);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER permissions_noted_insert AFTER INSERT ON permissions REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('1', 'SELECT id FROM added');
CREATE TRIGGER permissions_noted_update AFTER UPDATE ON permissions REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('1', 'SELECT id FROM removed FULL JOIN added USING (id) WHERE removed.name IS DISTINCT FROM added.name');
CREATE TRIGGER permissions_noted_delete AFTER DELETE ON permissions REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('1', 'SELECT id FROM removed');
CREATE TRIGGER permissions_noted_truncate BEFORE TRUNCATE ON permissions
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('1', 'SELECT id FROM %1$I.permissions');

CREATE TRIGGER roles_noted_insert AFTER INSERT ON roles REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT id FROM added');
CREATE TRIGGER roles_noted_update AFTER UPDATE ON roles REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT id FROM removed FULL JOIN added USING (id)
        WHERE removed.name IS DISTINCT FROM added.name OR removed.parent_id IS DISTINCT FROM added.parent_id OR removed.is_system IS DISTINCT FROM added.is_system');
CREATE TRIGGER roles_noted_delete AFTER DELETE ON roles REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT id FROM removed');
CREATE TRIGGER roles_noted_truncate BEFORE TRUNCATE ON roles
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT id FROM %1$I.roles');

CREATE TRIGGER role_permissions_noted_insert AFTER INSERT ON role_permissions REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT role_id FROM added');
CREATE TRIGGER role_permissions_noted_update AFTER UPDATE ON role_permissions REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT role_id FROM removed UNION ALL SELECT role_id FROM added');
CREATE TRIGGER role_permissions_noted_delete AFTER DELETE ON role_permissions REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT role_id FROM removed');
CREATE TRIGGER role_permissions_noted_truncate BEFORE TRUNCATE ON role_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT role_id FROM %1$I.role_permissions');

-- What there is at this moment.
UPDATE authorization_stamp SET position = position + 1;
INSERT INTO rights_changes SELECT 1, p.id, s.position, clock_timestamp() FROM permissions p, authorization_stamp s;
INSERT INTO rights_changes SELECT 2, r.id, s.position, clock_timestamp() FROM roles r, authorization_stamp s;

-- +goose Up
-- What other users of the database could do to the service, without a right to any of its tables, is kept from them:
-- to send notifications in its name and to read them, to take its locks, and to have their functions run as the
-- service's user.

-- The lock of transactions. The table is empty, and is there to be locked, by LOCK TABLE, for which a user needs a right
-- to change it; the locks that are named by numbers can be taken by everybody.
CREATE TABLE transaction_lock ();
REVOKE ALL ON TABLE transaction_lock FROM PUBLIC;

-- Processes may be reading this table; it is had within the time that it takes to notice a deadlock, or given up again.
-- +goose StatementBegin
DO $$
BEGIN
    FOR attempt IN 1 .. 600 LOOP
        BEGIN
            SET LOCAL lock_timeout = '50ms';
            LOCK TABLE authorization_stamp IN ACCESS EXCLUSIVE MODE;
            SET LOCAL lock_timeout = DEFAULT;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_catalog.pg_sleep(CAST(0.03 AS double precision));
        END;
    END LOOP;
    RAISE EXCEPTION 'the table authorization_stamp is in use all the time; stop what reads or holds it for long and start again' USING ERRCODE = 'lock_not_available';
END
$$;
-- +goose StatementEnd

-- NOTIFY and LISTEN need no right, only the name of the channel. So that is made from a secret, which those can read who
-- can read this table. To change it: UPDATE authorization_stamp SET channel = gen_random_uuid()::text; replicas listen
-- anew within seconds.
ALTER TABLE authorization_stamp ADD COLUMN channel text NOT NULL DEFAULT CAST(gen_random_uuid() AS text);
REVOKE ALL ON TABLE authorization_stamp FROM PUBLIC;

-- In the functions below nothing is looked up but in pg_catalog, and tables of ours are named with their schema: that
-- of the table that changed, whatever the search_path of whoever changed it. Where other users may create functions and
-- operators in the schema, theirs would else be taken if their types fit better. pg_catalog's array functions,
-- aggregates and mixed operators take any type; one for exactly the type goes before them.

-- The channel is that of changes, or of the heartbeats of a listener: one name for each. The table's own number is part
-- of it, so that one that was restored does not seem to be the one before. For example
-- svc_users_0a4d55a8d778e5022fab701977c5d840bbc486d0.
-- +goose StatementBegin
CREATE FUNCTION change_channel(secret text, stamps oid, listener text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'svc_users_' || left(encode(sha256(convert_to(concat_ws(' ', secret, CAST(stamps AS text), listener), 'UTF8')), 'hex'), 40)
$$;
-- +goose StatementEnd

-- listen_on does what LISTEN does. That cannot be told a name without showing it to those who can see what is run.
-- +goose StatementBegin
CREATE FUNCTION listen_on(name text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('LISTEN %I', name);
    RETURN name;
END
$$;
-- +goose StatementEnd

-- A database that has no notifications does without: then nobody hears of anything, nobody's heartbeat comes back
-- either, and everybody asks.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION renew_authorization_stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    renewed text;
    name    text;
BEGIN
    EXECUTE format('UPDATE %1$I.authorization_stamp SET stamp = CAST(gen_random_uuid() AS text)
        RETURNING stamp, %1$I.change_channel(channel, tableoid, CAST('''' AS text))', TG_TABLE_SCHEMA) INTO renewed, name;
    IF renewed IS NULL THEN
        RAISE EXCEPTION 'the table authorization_stamp has no row' USING ERRCODE = 'SU001', HINT = 'The service makes it anew.';
    END IF;
    BEGIN
        PERFORM pg_notify(name, 'r ' || renewed);
    EXCEPTION WHEN undefined_function OR feature_not_supported THEN
    END;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_renamed_roles() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    renamed uuid[];
BEGIN
    SELECT array_agg(id) INTO renamed FROM added JOIN removed USING (id) WHERE added.name <> removed.name;
    IF renamed IS NOT NULL THEN
        EXECUTE format('UPDATE %I.authorization_stamp SET position = position + 1', TG_TABLE_SCHEMA);
        EXECUTE format('INSERT INTO %1$I.account_changes
            SELECT a.id, s.position, clock_timestamp() FROM %1$I.accounts a, %1$I.authorization_stamp s WHERE a.role_id = ANY ($1)
            ON CONFLICT (account_id) DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at', TG_TABLE_SCHEMA)
            USING renamed;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_account_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed uuid[]; -- what may be kept of them has
    decided uuid[]; -- those of them of which tokens may not say the truth any more
    renewed text;
    place   bigint;
    name    text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(id), array_agg(id) FILTER (WHERE decisive) INTO changed, decided FROM (
            SELECT id, (was.role_id, was.is_active, was.token_version) IS DISTINCT FROM (now.role_id, now.is_active, now.token_version) AS decisive
            FROM removed was FULL JOIN added now USING (id)
            WHERE (was.email, was.email_key, was.role_id, was.is_active, was.token_version, was.created_at, was.updated_at)
                IS DISTINCT FROM (now.email, now.email_key, now.role_id, now.is_active, now.token_version, now.created_at, now.updated_at)
        ) AS differing;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(id) INTO decided FROM removed;
        changed := decided;
    ELSE
        EXECUTE format('SELECT array_agg(id) FROM %I.accounts', TG_TABLE_SCHEMA) INTO decided;
        changed := decided;
    END IF;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('UPDATE %1$I.authorization_stamp SET account_stamp = CAST(gen_random_uuid() AS text), position = position + $1
        RETURNING account_stamp, position, %1$I.change_channel(channel, tableoid, CAST('''' AS text))', TG_TABLE_SCHEMA)
        INTO renewed, place, name USING CASE WHEN decided IS NULL THEN 0 ELSE 1 END;
    IF renewed IS NULL THEN
        RAISE EXCEPTION 'the table authorization_stamp has no row' USING ERRCODE = 'SU001', HINT = 'The service makes it anew.';
    END IF;
    IF decided IS NOT NULL THEN
        EXECUTE format('INSERT INTO %I.account_changes SELECT d.id, $2, clock_timestamp() FROM unnest($1) AS d (id)
            ON CONFLICT (account_id) DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at', TG_TABLE_SCHEMA)
            USING decided, place;
    END IF;
    BEGIN
        -- A notification has less than 8000 bytes.
        PERFORM pg_notify(name, 'a ' || renewed || ' ' ||
            CASE WHEN cardinality(changed) <= 100 THEN array_to_string(changed, ',') ELSE '*' END);
    EXCEPTION WHEN undefined_function OR feature_not_supported THEN
    END;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
DROP FUNCTION tell(regclass, text);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_accounts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changes text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('DELETE FROM %I.account_counts', TG_TABLE_SCHEMA);
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        changes := 'SELECT role_id, is_active, 1 AS change FROM added';
    ELSIF TG_OP = 'DELETE' THEN
        changes := 'SELECT role_id, is_active, -1 AS change FROM removed';
    -- Most updates change neither column, which is seen here without planning a statement anew.
    ELSIF EXISTS (SELECT role_id, is_active FROM removed EXCEPT ALL SELECT role_id, is_active FROM added) THEN
        changes := 'SELECT role_id, is_active, 1 AS change FROM added UNION ALL SELECT role_id, is_active, -1 FROM removed';
    ELSE
        RETURN NULL;
    END IF;
    EXECUTE format('INSERT INTO %I.account_counts AS c (role_id, is_active, shard, total)
        SELECT role_id, is_active, pg_backend_pid() %% 16, sum(change) FROM (%s) AS changes
        GROUP BY role_id, is_active HAVING sum(change) <> 0 ORDER BY role_id, is_active
        ON CONFLICT (role_id, is_active, shard) DO UPDATE SET total = c.total + excluded.total', TG_TABLE_SCHEMA, changes);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- The results are the same as before: the index stays as it is.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION email_trigrams(key text) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    characters text[] := string_to_array(key, NULL);
    last_three bigint := 0;
    trigrams   bigint[];
BEGIN
    FOR i IN 1 .. cardinality(characters) LOOP
        last_three := (last_three << 21 | ascii(characters[i])) & 9223372036854775807;
        trigrams[i] := last_three;
    END LOOP;
    RETURN trigrams[3:];
END
$$;
-- +goose StatementEnd

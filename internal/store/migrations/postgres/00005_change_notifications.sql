-- +goose Up
-- Every process on the database hears of what changes, from the database itself: each change of rights or of what
-- is kept of an account sends a notification (NOTIFY) that others get once it is committed, in the order in which
-- transactions commit. They say, on a channel of this schema's own,
--
--     r STAMP         roles, permissions or assignments changed, and this is the new stamp
--     a STAMP IDS     accounts changed, and this is the new account_stamp; IDS are theirs, or * for too many to name
--
-- What decides whether a token still says the truth is also noted in account_changes from here on. Positions rise in
-- the order in which transactions commit, because each change holds the row of the stamps until then.

-- What follows is short, but needs tables that processes of the version before may be reading at this moment, and they
-- do not all take them in one order. So nobody is waited for for longer than it takes to notice a deadlock: the locks
-- are had all at once or given up again.
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
ALTER TABLE authorization_stamp ADD COLUMN position bigint NOT NULL DEFAULT 1;

-- What has changed since the migration before.
INSERT INTO account_changes
SELECT a.id, 1, clock_timestamp() FROM accounts a JOIN roles r ON r.id = a.role_id
WHERE greatest(a.updated_at, r.updated_at) > (SELECT tstamp - interval '1 hour' FROM svc_users_migrations WHERE version_id = 4 LIMIT 1)
ON CONFLICT DO NOTHING;

-- tell sends a notification. The channel is named after the table of the stamps, so that two schemas of one
-- database do not hear of one another, and one that was restored does not seem to be the one before. A database
-- that has no notifications does without: then nobody hears of anything, nobody's heartbeat comes back either,
-- and everybody asks.
-- +goose StatementBegin
CREATE FUNCTION tell(stamps regclass, payload text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_notify('svc_users_' || CAST(stamps AS oid), payload);
EXCEPTION WHEN undefined_function OR feature_not_supported THEN
END
$$;
-- +goose StatementEnd

-- The tables are found beside the one that changed, whatever the search_path, which is again the caller's when a
-- function ends.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION renew_authorization_stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    renewed text;
BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    UPDATE authorization_stamp SET stamp = gen_random_uuid()::text RETURNING stamp INTO renewed;
    PERFORM tell('authorization_stamp', 'r ' || renewed);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Tokens have roles by their names. When one is renamed, all who hold it count as changed.
-- +goose StatementBegin
CREATE FUNCTION note_renamed_roles() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    renamed uuid[];
BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    SELECT array_agg(id) INTO renamed FROM added JOIN removed USING (id) WHERE added.name <> removed.name;
    IF renamed IS NOT NULL THEN
        UPDATE authorization_stamp SET position = position + 1;
        INSERT INTO account_changes
        SELECT a.id, s.position, clock_timestamp() FROM accounts a, authorization_stamp s WHERE a.role_id = ANY (renamed)
        ON CONFLICT (account_id) DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER roles_renamed AFTER UPDATE ON roles
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_renamed_roles();

-- +goose StatementBegin
CREATE FUNCTION note_account_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    changed uuid[]; -- what may be kept of them has
    decided uuid[]; -- those of them of which tokens may not say the truth any more
    renewed text;
BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
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
        SELECT array_agg(id) INTO decided FROM accounts;
        changed := decided;
    END IF;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE authorization_stamp SET account_stamp = gen_random_uuid()::text, position = position + CASE WHEN decided IS NULL THEN 0 ELSE 1 END
        RETURNING account_stamp INTO renewed;
    INSERT INTO account_changes
    SELECT d.id, s.position, clock_timestamp() FROM unnest(decided) AS d (id), authorization_stamp s
    ON CONFLICT (account_id) DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    -- A notification has less than 8000 bytes.
    PERFORM tell('authorization_stamp', 'a ' || renewed || ' ' ||
        CASE WHEN cardinality(changed) <= 100 THEN array_to_string(changed, ',') ELSE '*' END);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP TRIGGER accounts_stamp_update ON accounts;
DROP TRIGGER accounts_stamp_delete ON accounts;
DROP FUNCTION renew_account_stamp();
CREATE TRIGGER accounts_changed_update AFTER UPDATE ON accounts
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_account_changes();
CREATE TRIGGER accounts_changed_delete AFTER DELETE ON accounts
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION note_account_changes();
CREATE TRIGGER accounts_changed_truncate BEFORE TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION note_account_changes();

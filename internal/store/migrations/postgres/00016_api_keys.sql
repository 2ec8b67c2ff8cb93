-- +goose Up
-- API keys. Of the secret in a key the digest alone is kept: HMAC-SHA-256 under the row api_keys of service_secrets, in
-- base64url. The scope is sorted names of permissions with a space between them; they refer to permissions by name, as
-- those who ask do. used_at is written at most once a minute, and changes no column that an index has (HOT).
CREATE TABLE api_keys (
    id           uuid        PRIMARY KEY,
    account_id   uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest       text        COLLATE "C" NOT NULL UNIQUE,
    name         text        NOT NULL,
    last_four    text        COLLATE "C" NOT NULL,
    scope        text        COLLATE "C" NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,                        -- never, if NULL
    used_at      timestamptz,
    successor_id uuid                                -- of a key that was rotated
) WITH (fillfactor = 80);
CREATE INDEX api_keys_account ON api_keys (account_id);
REVOKE ALL ON TABLE api_keys FROM PUBLIC;

-- Processes keep keys in memory, each for as long as nothing of its account has changed. So a change of a key is a change
-- of its account, but for used_at. A new key is no change: that there was none is never kept. As in migration 7, nothing is
-- looked up but in pg_catalog and in the schema of the table that changed.
-- +goose StatementBegin
CREATE FUNCTION renew_api_keys() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed uuid[];
    renewed text;
    name    text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT account) INTO changed FROM (
            SELECT unnest(ARRAY[was.account_id, now.account_id]) AS account FROM removed was FULL JOIN added now USING (id)
            WHERE (was.account_id, was.digest, was.name, was.last_four, was.scope, was.created_at, was.expires_at, was.successor_id)
                IS DISTINCT FROM (now.account_id, now.digest, now.name, now.last_four, now.scope, now.created_at, now.expires_at, now.successor_id)
        ) AS differing WHERE account IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT account_id) INTO changed FROM removed;
    ELSE
        EXECUTE format('SELECT array_agg(DISTINCT account_id) FROM %I.api_keys', TG_TABLE_SCHEMA) INTO changed;
    END IF;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('UPDATE %1$I.authorization_stamp SET account_stamp = CAST(gen_random_uuid() AS text)
        RETURNING account_stamp, %1$I.change_channel(channel, tableoid, CAST('''' AS text))', TG_TABLE_SCHEMA) INTO renewed, name;
    IF renewed IS NULL THEN
        RAISE EXCEPTION 'the table authorization_stamp has no row' USING ERRCODE = 'SU001', HINT = 'The service makes it anew.';
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
CREATE TRIGGER api_keys_changed AFTER UPDATE ON api_keys
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION renew_api_keys();
CREATE TRIGGER api_keys_ended AFTER DELETE ON api_keys
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION renew_api_keys();
CREATE TRIGGER api_keys_truncated BEFORE TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION renew_api_keys();

-- +goose Up
-- Tokens can be issued for API keys. So the end of a key is noted as that of a session is, in ended_sessions under the id of
-- the key, for 20 minutes: such a token lives for ten, and the clocks of processes differ. For its tokens a key has also ended when
-- it is given to another account, when its scope is changed, and when it is cut to less than nine minutes: a rotation leaves a key
-- nothing or ten minutes, in which its tokens expire.
--
-- warned_days is how many days before its end an event api_key.expiring was recorded last: 14 or 3; NULL if none was.
ALTER TABLE api_keys ADD COLUMN warned_days smallint;
CREATE INDEX api_keys_expiry ON api_keys (expires_at);

-- The function of migration 16, which notes the ends too.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION renew_api_keys() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed  uuid[];
    ended    uuid[]; -- keys, and the account of each
    accounts uuid[];
    renewed  text;
    place    bigint;
    name     text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT account) INTO changed FROM (
            SELECT unnest(ARRAY[was.account_id, now.account_id]) AS account FROM removed was FULL JOIN added now USING (id)
            WHERE (was.account_id, was.digest, was.name, was.last_four, was.scope, was.created_at, was.expires_at, was.successor_id)
                IS DISTINCT FROM (now.account_id, now.digest, now.name, now.last_four, now.scope, now.created_at, now.expires_at, now.successor_id)
        ) AS differing WHERE account IS NOT NULL;
        SELECT array_agg(was.id), array_agg(was.account_id) INTO ended, accounts FROM removed was LEFT JOIN added now USING (id)
            WHERE (was.expires_at IS NULL OR was.expires_at > clock_timestamp() - CAST('5 minutes' AS interval))
            AND ((was.account_id, was.scope) IS DISTINCT FROM (now.account_id, now.scope)
                OR now.expires_at < clock_timestamp() + CAST('9 minutes' AS interval) AND (was.expires_at IS NULL OR now.expires_at < was.expires_at));
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT account_id) INTO changed FROM removed;
        SELECT array_agg(id), array_agg(account_id) INTO ended, accounts FROM removed
            WHERE expires_at IS NULL OR expires_at > clock_timestamp() - CAST('5 minutes' AS interval);
    ELSE
        EXECUTE format('SELECT array_agg(DISTINCT account_id) FROM %I.api_keys', TG_TABLE_SCHEMA) INTO changed;
        EXECUTE format('SELECT array_agg(id), array_agg(account_id) FROM %I.api_keys
            WHERE expires_at IS NULL OR expires_at > clock_timestamp() - CAST(''5 minutes'' AS interval)', TG_TABLE_SCHEMA) INTO ended, accounts;
    END IF;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('UPDATE %1$I.authorization_stamp SET account_stamp = CAST(gen_random_uuid() AS text),
        position = position + CASE WHEN $1 THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END
        RETURNING account_stamp, position, %1$I.change_channel(channel, tableoid, CAST('''' AS text))', TG_TABLE_SCHEMA)
        INTO renewed, place, name USING ended IS NOT NULL;
    IF renewed IS NULL THEN
        RAISE EXCEPTION 'the table authorization_stamp has no row' USING ERRCODE = 'SU001', HINT = 'The service makes it anew.';
    END IF;
    IF ended IS NOT NULL THEN
        EXECUTE format('INSERT INTO %I.ended_sessions (session_id, account_id, position, until_at)
            SELECT key, account, $3, clock_timestamp() + CAST(''20 minutes'' AS interval) FROM unnest($1, $2) AS noted (key, account)
            ON CONFLICT (session_id) DO UPDATE SET position = excluded.position, until_at = excluded.until_at', TG_TABLE_SCHEMA)
            USING ended, accounts, place;
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

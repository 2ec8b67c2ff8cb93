-- +goose Up
-- A session is a login that is continued by refresh tokens. Of those only digests are kept (SHA-256 in base64url): of the
-- locator, which finds the session and stays the same, of the secret that counts, and of the one before it. The salt, 16
-- bytes in base64url, is what the secret that counts was derived with from the one before.
--
-- A refresh changes no column that an index has, so that the row stays on its page (HOT).
CREATE TABLE account_sessions (
    id              uuid        PRIMARY KEY,
    account_id      uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_version   bigint      NOT NULL,
    locator_digest  text        COLLATE "C" NOT NULL UNIQUE,
    token_digest    text        COLLATE "C" NOT NULL,
    previous_digest text        COLLATE "C" NOT NULL,
    salt            text        COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL,
    used_at         timestamptz NOT NULL,
    rotated_at      timestamptz NOT NULL, -- by this database's clock, as recovered_at
    recovered_at    timestamptz,
    idle_until      timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    tokens_until    timestamptz NOT NULL,
    address         text        NOT NULL,
    user_agent      text        NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX account_sessions_account ON account_sessions (account_id);

-- Sessions that have ended while access tokens of them may still be valid: their row is gone from account_sessions, by
-- whatever statement. The position is that of the change, as in account_changes; until_at leaves five minutes for the
-- leeway of those that verify tokens.
CREATE TABLE ended_sessions (
    session_id uuid        PRIMARY KEY,
    account_id uuid        NOT NULL,
    position   bigint      NOT NULL,
    until_at   timestamptz NOT NULL
);
CREATE INDEX ended_sessions_account ON ended_sessions (account_id);
CREATE INDEX ended_sessions_position ON ended_sessions (position, session_id);

-- As in migration 7, nothing is looked up but in pg_catalog and in the schema of the table that changed.
-- +goose StatementBegin
CREATE FUNCTION note_ended_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended   text := 'removed';
    changed uuid[];
    renewed text;
    place   bigint;
    name    text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        ended := format('%I.account_sessions', TG_TABLE_SCHEMA);
    END IF;
    EXECUTE format('SELECT array_agg(DISTINCT account_id) FROM %s WHERE tokens_until > clock_timestamp() - CAST(''5 minutes'' AS interval)', ended)
        INTO changed;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('UPDATE %1$I.authorization_stamp SET account_stamp = CAST(gen_random_uuid() AS text), position = position + CAST(1 AS bigint)
        RETURNING account_stamp, position, %1$I.change_channel(channel, tableoid, CAST('''' AS text))', TG_TABLE_SCHEMA)
        INTO renewed, place, name;
    IF renewed IS NULL THEN
        RAISE EXCEPTION 'the table authorization_stamp has no row' USING ERRCODE = 'SU001', HINT = 'The service makes it anew.';
    END IF;
    EXECUTE format('INSERT INTO %I.ended_sessions (session_id, account_id, position, until_at)
        SELECT id, account_id, $1, tokens_until + CAST(''5 minutes'' AS interval) FROM %s
        WHERE tokens_until > clock_timestamp() - CAST(''5 minutes'' AS interval)
        ON CONFLICT (session_id) DO UPDATE SET position = excluded.position, until_at = excluded.until_at', TG_TABLE_SCHEMA, ended)
        USING place;
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
CREATE TRIGGER account_sessions_ended AFTER DELETE ON account_sessions
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION note_ended_sessions();
CREATE TRIGGER account_sessions_truncated BEFORE TRUNCATE ON account_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION note_ended_sessions();

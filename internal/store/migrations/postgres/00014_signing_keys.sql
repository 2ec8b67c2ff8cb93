-- +goose Up
-- The keys that sign tokens. Who signs at a time follows from the rows and the clock; nothing here says so but the times.
CREATE TABLE signing_keys (
    slot         bigint      PRIMARY KEY CHECK (slot > 0), -- place in the order in which keys sign, each taken once
    kid          text        COLLATE "C" NOT NULL UNIQUE CHECK (kid <> ''),
    algorithm    text        COLLATE "C" NOT NULL,         -- of JWS, such as RS256
    public_key   text        COLLATE "C" NOT NULL,         -- base64 of the SubjectPublicKeyInfo in DER
    private_key  text        COLLATE "C" NOT NULL,         -- PKCS#8 in DER, encrypted under ENCRYPTION_KEY; '' when no longer needed
    published_at timestamptz NOT NULL,
    signs_from   timestamptz NOT NULL,
    signs_until  timestamptz NOT NULL,                     -- planned; in fact the next slot's signs_from
    token_life   bigint      NOT NULL CHECK (token_life > 0), -- longest life of a token that it has signed, in microseconds
    revoked_at   timestamptz
);
REVOKE ALL ON TABLE signing_keys FROM PUBLIC;

-- Which key a key id named first. Verifiers remember a key by its id, so an id must never name another.
CREATE TABLE signing_key_names (
    kid        text        COLLATE "C" PRIMARY KEY,
    thumbprint text        COLLATE "C" NOT NULL, -- RFC 7638
    named_at   timestamptz NOT NULL
);

-- As in migration 7: the table is had within the time that it takes to notice a deadlock, or given up again.
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

-- key_stamp is drawn anew with each change of signing_keys, and account_stamp with it: a replica that holds the stamp of
-- the accounts holds that of the keys. key_position is the position of the last change of the keys, for those who follow
-- changes.
ALTER TABLE authorization_stamp
    ADD COLUMN key_stamp text NOT NULL DEFAULT CAST(gen_random_uuid() AS text),
    ADD COLUMN key_position bigint NOT NULL DEFAULT 0;

-- A row that was deleted by hand is made anew: the keys may have changed meanwhile.
-- +goose StatementBegin
CREATE FUNCTION place_keys() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.key_position := NEW.position;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER authorization_stamp_keys BEFORE INSERT ON authorization_stamp FOR EACH ROW EXECUTE FUNCTION place_keys();

-- Every replica drops the accounts that it has in memory, which were admitted with the keys of before.
-- +goose StatementBegin
CREATE FUNCTION renew_key_stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    renewed text;
    name    text;
BEGIN
    EXECUTE format('UPDATE %1$I.authorization_stamp SET key_stamp = CAST(gen_random_uuid() AS text),
        account_stamp = CAST(gen_random_uuid() AS text), position = position + CAST(1 AS bigint), key_position = position + CAST(1 AS bigint)
        RETURNING account_stamp, %1$I.change_channel(channel, tableoid, CAST('''' AS text))', TG_TABLE_SCHEMA) INTO renewed, name;
    IF renewed IS NULL THEN
        RAISE EXCEPTION 'the table authorization_stamp has no row' USING ERRCODE = 'SU001', HINT = 'The service makes it anew.';
    END IF;
    BEGIN
        PERFORM pg_notify(name, 'a ' || renewed || ' *');
    EXCEPTION WHEN undefined_function OR feature_not_supported THEN
    END;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER signing_keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON signing_keys
    FOR EACH STATEMENT EXECUTE FUNCTION renew_key_stamp();

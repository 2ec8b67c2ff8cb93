-- +goose Up
-- Each list of accounts is one stretch of one index, whatever the filter, in the order it is wanted in. Two
-- stretches make the list of a role whether active or not. That of all accounts has accounts_created and the
-- unique index of the addresses. A planner that can choose will at times go along a larger stretch than it has to,
-- and pass over what it does not want, which is slow where that lies together. So that it cannot, each of the
-- kinds of index is told apart by how it is asked for: these have NULLS FIRST, though nothing is ever null, and
-- those with a role have the state as a number. It is included as it is where the index alone can answer, which
-- PostgreSQL does not see otherwise.
DROP INDEX accounts_role_created, accounts_role_email, accounts_disabled_created, accounts_disabled_email;
CREATE INDEX accounts_state_created ON accounts (is_active, created_at NULLS FIRST, id NULLS FIRST);
CREATE INDEX accounts_state_email ON accounts (is_active, email_key NULLS FIRST);
CREATE INDEX accounts_role_created ON accounts (role_id, (CAST(is_active AS integer)), created_at NULLS FIRST, id NULLS FIRST);
CREATE INDEX accounts_role_email ON accounts (role_id, (CAST(is_active AS integer)), email_key NULLS FIRST) INCLUDE (is_active);

-- How many accounts there are, so that nobody has to count them. Transactions that add accounts at the same
-- time mostly add to rows of different shards, and so do not wait for each other. A shard's own total may be
-- below zero; only sums mean something.
CREATE TABLE account_counts (
    role_id   uuid    NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    is_active boolean NOT NULL,
    shard     integer NOT NULL,
    total     bigint  NOT NULL,
    PRIMARY KEY (role_id, is_active, shard)
) WITH (fillfactor = 50);
INSERT INTO account_counts SELECT role_id, is_active, 0, count(*) FROM accounts GROUP BY role_id, is_active;

-- One call for each statement, however many rows it touches, and by SQL by hand too. The table is found beside
-- the one that changed, whatever the search_path, which is again the caller's when the function ends. Rows are
-- changed in the order of their keys, so that two statements cannot lock each other out.
-- +goose StatementBegin
CREATE FUNCTION count_accounts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA) || ', pg_temp', true);
    IF TG_OP = 'INSERT' THEN
        INSERT INTO account_counts AS c (role_id, is_active, shard, total)
        SELECT role_id, is_active, pg_backend_pid() % 16, count(*) FROM added
        GROUP BY role_id, is_active ORDER BY role_id, is_active
        ON CONFLICT (role_id, is_active, shard) DO UPDATE SET total = c.total + excluded.total;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO account_counts AS c (role_id, is_active, shard, total)
        SELECT role_id, is_active, pg_backend_pid() % 16, -count(*) FROM removed
        GROUP BY role_id, is_active ORDER BY role_id, is_active
        ON CONFLICT (role_id, is_active, shard) DO UPDATE SET total = c.total + excluded.total;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO account_counts AS c (role_id, is_active, shard, total)
        SELECT role_id, is_active, pg_backend_pid() % 16, sum(change) FROM (
            SELECT role_id, is_active, 1 AS change FROM added
            UNION ALL SELECT role_id, is_active, -1 FROM removed) AS changes
        GROUP BY role_id, is_active HAVING sum(change) <> 0 ORDER BY role_id, is_active
        ON CONFLICT (role_id, is_active, shard) DO UPDATE SET total = c.total + excluded.total;
    ELSE
        DELETE FROM account_counts;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER accounts_count_insert AFTER INSERT ON accounts
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_accounts();
CREATE TRIGGER accounts_count_update AFTER UPDATE ON accounts
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_accounts();
CREATE TRIGGER accounts_count_delete AFTER DELETE ON accounts
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_accounts();
CREATE TRIGGER accounts_count_truncate AFTER TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION count_accounts();

-- Parts of addresses are found by their trigrams: all runs of three characters, each as one number of three
-- code points (21 bits each). An address that contains a text has all trigrams of the text. Unlike pg_trgm's,
-- they include punctuation and letters of every script, whatever the locale, and no extension is needed.
-- Not PARALLEL SAFE, since to start workers takes longer than nearly every search.
-- +goose StatementBegin
CREATE FUNCTION email_trigrams(key text) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$
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
CREATE INDEX accounts_email_trigrams ON accounts USING gin (email_trigrams(email_key));

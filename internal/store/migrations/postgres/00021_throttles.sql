-- +goose Up
-- Budgets of attempts, such as failed logins from an address. id is a UUID of version 8, made of an HMAC under the row
-- throttles of service_secrets; kind and subject are shown to operators, and subject is empty for what no account has. burst
-- attempts are there at once, and one more each every microseconds. full_at is when all are there again, in microseconds
-- since 1970: nothing else is counted. A row whose full_at is past may be missing.
--
-- It is unlogged, because it is written with each login, and what a crash of the database loses fills by itself. There is no
-- index on full_at, so that a login writes none (HOT).
CREATE UNLOGGED TABLE throttles (
    id      text   COLLATE "C" NOT NULL PRIMARY KEY,
    kind    text   COLLATE "C" NOT NULL,
    subject text   COLLATE "C" NOT NULL,
    burst   bigint NOT NULL,
    every   bigint NOT NULL,
    full_at bigint NOT NULL
) WITH (fillfactor = 70);
REVOKE ALL ON TABLE throttles FROM PUBLIC;

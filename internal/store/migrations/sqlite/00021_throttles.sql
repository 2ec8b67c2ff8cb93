-- +goose Up
-- Budgets of attempts, such as failed logins from an address. id is a UUID of version 8, made of an HMAC under the row
-- throttles of service_secrets; kind and subject are shown to operators, and subject is empty for what no account has. burst
-- attempts are there at once, and one more each every microseconds. full_at is when all are there again, in microseconds
-- since 1970: nothing else is counted. A row whose full_at is past may be missing.
--
-- It is written with each login, and what a loss of power takes fills by itself: see the connection of tallies.
CREATE TABLE throttles (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    burst   INTEGER NOT NULL,
    every   INTEGER NOT NULL,
    full_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

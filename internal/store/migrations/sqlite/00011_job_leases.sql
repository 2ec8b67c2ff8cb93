-- +goose Up
-- Work that is done periodically by one replica at a time: a row for each job, made when a replica first asks for it. The
-- replica named in holder does the job until held_until; it is done again after due_at. Times are by this database's
-- clock. Deleting a row has the job done anew.
CREATE TABLE job_leases (
    name       TEXT    PRIMARY KEY,
    holder     TEXT    NOT NULL,
    held_until INTEGER NOT NULL,
    due_at     INTEGER NOT NULL
) STRICT;

-- +goose Up
-- The service whose declaration made a role or a permission, or took it over. NULL: nobody declares it. What an
-- owner means is decided in Go; a change of it is a change of the row, which the triggers of the stamp see.
ALTER TABLE roles ADD COLUMN owner text COLLATE "C";
ALTER TABLE permissions ADD COLUMN owner text COLLATE "C";

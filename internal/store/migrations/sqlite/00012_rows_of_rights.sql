-- +goose Up
-- Processes keep all roles and permissions in memory, and read again those alone that have changed: rights_changes says
-- which. So a change of any column counts, of those too that followers are not told of, such as the description.
DROP TRIGGER permissions_noted_update;
-- +goose StatementBegin
CREATE TRIGGER permissions_noted_update AFTER UPDATE ON permissions
WHEN OLD.id <> NEW.id OR (OLD.name, OLD.description, OLD.is_system, OLD.owner, OLD.created_at, OLD.updated_at)
    IS NOT (NEW.name, NEW.description, NEW.is_system, NEW.owner, NEW.created_at, NEW.updated_at) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
DROP TRIGGER roles_noted_update;
-- +goose StatementBegin
CREATE TRIGGER roles_noted_update AFTER UPDATE ON roles
WHEN OLD.id <> NEW.id OR (OLD.name, OLD.description, OLD.parent_id, OLD.is_system, OLD.owner, OLD.created_at, OLD.updated_at)
    IS NOT (NEW.name, NEW.description, NEW.parent_id, NEW.is_system, NEW.owner, NEW.created_at, NEW.updated_at) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd

-- +goose Up
-- Replicas keep all roles and permissions in memory, and read again those alone that have changed: rights_changes says
-- which. So a change of any column counts, of those too that followers are not told of, such as the description.
DROP TRIGGER permissions_noted_update ON permissions;
CREATE TRIGGER permissions_noted_update AFTER UPDATE ON permissions REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('1', 'SELECT id FROM removed FULL JOIN added USING (id)
        WHERE (removed.name, removed.description, removed.is_system, removed.owner, removed.created_at, removed.updated_at)
        IS DISTINCT FROM (added.name, added.description, added.is_system, added.owner, added.created_at, added.updated_at)');
DROP TRIGGER roles_noted_update ON roles;
CREATE TRIGGER roles_noted_update AFTER UPDATE ON roles REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_rights_changes('2', 'SELECT id FROM removed FULL JOIN added USING (id)
        WHERE (removed.name, removed.description, removed.parent_id, removed.is_system, removed.owner, removed.created_at, removed.updated_at)
        IS DISTINCT FROM (added.name, added.description, added.parent_id, added.is_system, added.owner, added.created_at, added.updated_at)');

-- +goose Up
-- Followers of changes are told of roles and permissions one by one, as they are of accounts: each has the position
-- of the last change of what is told of it, also when it is gone. Roles are told by their ids, tokens carry the id of
-- the role, and so the rename of a role changes one row here and no account.
--
--     kind  what            what is told of it, and so counts as a change
--     1     a permission    its name, and that it is gone
--     2     a role          its name, parent, is_system, the permissions assigned to it, and that it is gone
CREATE TABLE rights_changes (
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2)),
    id         TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX rights_changes_position ON rights_changes (position, kind, id);

-- Each position that was ever reached has a mark, drawn at random. A cursor names the last one of when it was made.
-- In a database of which a backup was restored that mark does not exist, though its position may have been reached
-- again. Marks of some days ago are deleted, but never the last.
CREATE TABLE change_marks (
    position INTEGER PRIMARY KEY,
    mark     TEXT    NOT NULL,
    made_at  INTEGER NOT NULL
) STRICT;

DROP TRIGGER roles_renamed;
DROP TRIGGER roles_replaced;

-- +goose StatementBegin
CREATE TRIGGER authorization_stamp_position AFTER UPDATE OF position ON authorization_stamp WHEN OLD.position <> NEW.position BEGIN
    INSERT INTO change_marks VALUES (NEW.position, hex(randomblob(16)), unixepoch() * 1000000)
    ON CONFLICT DO UPDATE SET mark = excluded.mark, made_at = excluded.made_at;
END;
-- +goose StatementEnd

-- As in migration 7: the row of authorization_stamp is made anew before what changes would go unnoted, with a position
-- above all that were given away, and with a mark.
-- +goose StatementBegin
CREATE TRIGGER authorization_stamp_made AFTER INSERT ON authorization_stamp BEGIN
    INSERT INTO change_marks VALUES (NEW.position, hex(randomblob(16)), unixepoch() * 1000000)
    ON CONFLICT DO UPDATE SET mark = excluded.mark, made_at = excluded.made_at;
END;
-- +goose StatementEnd
DROP TRIGGER accounts_stampless_update;
-- +goose StatementBegin
CREATE TRIGGER accounts_stampless_update BEFORE UPDATE ON accounts WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
DROP TRIGGER accounts_stampless_delete;
-- +goose StatementBegin
CREATE TRIGGER accounts_stampless_delete BEFORE DELETE ON accounts WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
DROP TRIGGER roles_stampless_update;
-- +goose StatementBegin
CREATE TRIGGER roles_stampless_update BEFORE UPDATE ON roles WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_stampless_insert BEFORE INSERT ON roles WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_stampless_delete BEFORE DELETE ON roles WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_stampless_insert BEFORE INSERT ON permissions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_stampless_update BEFORE UPDATE ON permissions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_stampless_delete BEFORE DELETE ON permissions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_stampless_insert BEFORE INSERT ON role_permissions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_stampless_update BEFORE UPDATE ON role_permissions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_stampless_delete BEFORE DELETE ON role_permissions WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER permissions_noted_insert AFTER INSERT ON permissions BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_noted_update AFTER UPDATE OF id, name ON permissions
WHEN OLD.id <> NEW.id OR OLD.name <> NEW.name BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_noted_delete AFTER DELETE ON permissions BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the trigger above.
-- +goose StatementBegin
CREATE TRIGGER permissions_noted_replace_insert BEFORE INSERT ON permissions
WHEN EXISTS (SELECT 1 FROM permissions WHERE id = NEW.id OR name = NEW.name) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, x.id, s.position, unixepoch() * 1000000 FROM permissions x, authorization_stamp s
    WHERE x.id = NEW.id OR x.name = NEW.name
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER permissions_noted_replace_update BEFORE UPDATE OF id, name ON permissions
WHEN EXISTS (SELECT 1 FROM permissions WHERE id <> OLD.id AND (id = NEW.id OR name = NEW.name)) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 1, x.id, s.position, unixepoch() * 1000000 FROM permissions x, authorization_stamp s
    WHERE x.id <> OLD.id AND (x.id = NEW.id OR x.name = NEW.name)
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER roles_noted_insert AFTER INSERT ON roles BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_noted_update AFTER UPDATE OF id, name, parent_id, is_system ON roles
WHEN OLD.id <> NEW.id OR OLD.name <> NEW.name OR OLD.parent_id IS NOT NEW.parent_id OR OLD.is_system <> NEW.is_system BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, NEW.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_noted_delete AFTER DELETE ON roles BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, OLD.id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the trigger above.
-- +goose StatementBegin
CREATE TRIGGER roles_noted_replace_insert BEFORE INSERT ON roles
WHEN EXISTS (SELECT 1 FROM roles WHERE id = NEW.id OR name_key = NEW.name_key) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, x.id, s.position, unixepoch() * 1000000 FROM roles x, authorization_stamp s
    WHERE x.id = NEW.id OR x.name_key = NEW.name_key
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_noted_replace_update BEFORE UPDATE OF id, name_key ON roles
WHEN EXISTS (SELECT 1 FROM roles WHERE id <> OLD.id AND (id = NEW.id OR name_key = NEW.name_key)) BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, x.id, s.position, unixepoch() * 1000000 FROM roles x, authorization_stamp s
    WHERE x.id <> OLD.id AND (x.id = NEW.id OR x.name_key = NEW.name_key)
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER role_permissions_noted_insert AFTER INSERT ON role_permissions BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, NEW.role_id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_noted_update AFTER UPDATE ON role_permissions BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, OLD.role_id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, NEW.role_id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER role_permissions_noted_delete AFTER DELETE ON role_permissions BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO rights_changes (kind, id, position, changed_at) SELECT 2, OLD.role_id, position, unixepoch() * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at;
END;
-- +goose StatementEnd

-- What there is at this moment.
UPDATE authorization_stamp SET position = position + 1;
INSERT INTO rights_changes SELECT 1, p.id, s.position, unixepoch() * 1000000 FROM permissions p, authorization_stamp s;
INSERT INTO rights_changes SELECT 2, r.id, s.position, unixepoch() * 1000000 FROM roles r, authorization_stamp s;

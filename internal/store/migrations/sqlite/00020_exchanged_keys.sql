-- +goose Up
-- Tokens can be issued for API keys. So the end of a key is noted as that of a session is, in ended_sessions under the id of
-- the key, for 20 minutes: such a token lives for ten, and the clocks of processes differ. For its tokens a key has also ended when
-- it is given to another account, when its scope is changed, and when it is cut to less than nine minutes: a rotation leaves a key
-- nothing or ten minutes, in which its tokens expire.
--
-- warned_days is how many days before its end an event api_key.expiring was recorded last: 14 or 3; NULL if none was.
ALTER TABLE api_keys ADD COLUMN warned_days INTEGER;
CREATE INDEX api_keys_expiry ON api_keys (expires_at);
DROP TRIGGER api_keys_changed;
DROP TRIGGER api_keys_ended;
DROP TRIGGER api_keys_replaced;

-- +goose StatementBegin
CREATE TRIGGER api_keys_changed AFTER UPDATE ON api_keys
WHEN (OLD.id, OLD.account_id, OLD.digest, OLD.name, OLD.last_four, OLD.scope, OLD.created_at, OLD.expires_at, OLD.successor_id)
    IS NOT (NEW.id, NEW.account_id, NEW.digest, NEW.name, NEW.last_four, NEW.scope, NEW.created_at, NEW.expires_at, NEW.successor_id) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_cut AFTER UPDATE ON api_keys
WHEN (OLD.expires_at IS NULL OR OLD.expires_at > (unixepoch() - 300) * 1000000) AND ((OLD.id, OLD.account_id, OLD.scope) IS NOT (NEW.id, NEW.account_id, NEW.scope)
    OR NEW.expires_at < (unixepoch() + 540) * 1000000 AND NEW.expires_at < coalesce(OLD.expires_at, NEW.expires_at + 1)) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16)), position = position + 1;
    INSERT INTO ended_sessions (session_id, account_id, position, until_at)
    SELECT OLD.id, OLD.account_id, position, (unixepoch() + 1200) * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, until_at = excluded.until_at;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_ended AFTER DELETE ON api_keys BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_deleted AFTER DELETE ON api_keys
WHEN OLD.expires_at IS NULL OR OLD.expires_at > (unixepoch() - 300) * 1000000 BEGIN
    UPDATE authorization_stamp SET position = position + 1;
    INSERT INTO ended_sessions (session_id, account_id, position, until_at)
    SELECT OLD.id, OLD.account_id, position, (unixepoch() + 1200) * 1000000 FROM authorization_stamp WHERE true
    ON CONFLICT DO UPDATE SET position = excluded.position, until_at = excluded.until_at;
END;
-- +goose StatementEnd
-- REPLACE deletes what stands in its way without telling the triggers above.
-- +goose StatementBegin
CREATE TRIGGER api_keys_replaced BEFORE INSERT ON api_keys
WHEN EXISTS (SELECT 1 FROM api_keys WHERE id = NEW.id OR digest = NEW.digest) BEGIN
    UPDATE authorization_stamp SET account_stamp = hex(randomblob(16)), position = position + 1;
    INSERT INTO ended_sessions (session_id, account_id, position, until_at)
    SELECT o.id, o.account_id, s.position, (unixepoch() + 1200) * 1000000 FROM api_keys o, authorization_stamp s
    WHERE o.id = NEW.id OR o.digest = NEW.digest
    ON CONFLICT DO UPDATE SET position = excluded.position, until_at = excluded.until_at;
END;
-- +goose StatementEnd
-- As in migration 8, the row of authorization_stamp is made anew before what ends would go unnoted.
-- +goose StatementBegin
CREATE TRIGGER api_keys_stampless_delete BEFORE DELETE ON api_keys WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM ended_sessions UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_stampless_update BEFORE UPDATE ON api_keys WHEN NOT EXISTS (SELECT 1 FROM authorization_stamp) BEGIN
    INSERT INTO authorization_stamp (only_row, stamp, account_stamp, position)
    SELECT 1, hex(randomblob(16)), hex(randomblob(16)), max(coalesce(max(position) + 1, 0), unixepoch() * 1000000)
    FROM (SELECT position FROM account_changes UNION ALL SELECT position FROM rights_changes UNION ALL SELECT position FROM ended_sessions UNION ALL SELECT position FROM change_marks);
END;
-- +goose StatementEnd

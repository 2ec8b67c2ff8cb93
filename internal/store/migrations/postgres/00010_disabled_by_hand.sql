-- +goose Up
-- Disabling an account ends its tokens for good, also by SQL that leaves token_version as it is: enabling the account
-- again brings none back. The version is what the service itself would set.
-- +goose StatementBegin
CREATE FUNCTION end_tokens_of_disabled() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.token_version := greatest(OLD.token_version + 1, CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint));
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER accounts_disabled BEFORE UPDATE ON accounts FOR EACH ROW
WHEN (OLD.is_active AND NOT NEW.is_active AND NEW.token_version = OLD.token_version) EXECUTE FUNCTION end_tokens_of_disabled();

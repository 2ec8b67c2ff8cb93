-- Takes over the accounts, roles and permissions of the FastAPI service that this one replaces, of its first release
-- (accounts have an id) or of its last (accounts have an entity_id and an organization_id). docs/migration.md says how.
--
-- It reads the schema "legacy" and writes into the schema that the search_path leads to, which "svc-users migrate up"
-- has made and in which nothing else is yet. All of it happens or nothing: every obstacle is named, and while there is
-- one, nothing is written. It is one statement, and so one transaction, with whatever client it is sent.
--
-- The times of the old service have no zone. They are read as UTC, unless you say otherwise before:
--   SET legacy.time_zone = 'Europe/Madrid';
DO $$
DECLARE
    last_release boolean := EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = 'legacy' AND table_name = 'accounts' AND column_name = 'entity_id');
    zone      text := nullif(current_setting('legacy.time_zone', true), '');
    obstacles text[] := '{}';
    admin     uuid;
    counted   bigint[];
    moved     bigint[];
BEGIN
    IF to_regclass('legacy.accounts') IS NULL OR to_regclass('legacy.role_permissions') IS NULL THEN
        RAISE EXCEPTION 'there is no schema "legacy" with the tables of the FastAPI service';
    END IF;
    IF to_regclass('account_counts') IS NULL THEN
        RAISE EXCEPTION 'the tables of svc-users are missing; run "svc-users migrate up" on this database first';
    END IF;
    LOCK TABLE roles, permissions, role_permissions, accounts IN SHARE ROW EXCLUSIVE MODE;
    SELECT id INTO admin FROM roles WHERE is_system;
    IF admin IS NULL THEN
        RAISE EXCEPTION 'the role Admin is missing; run "svc-users migrate up" on this database first';
    END IF;

    -- Both releases, in one form.
    EXECUTE format('CREATE TEMPORARY TABLE old_accounts ON COMMIT DROP AS
        SELECT %s AS id, email, password_hash, role_id, %s AS organization, created_at, updated_at FROM legacy.accounts',
        CASE WHEN last_release THEN 'entity_id' ELSE 'id' END,
        CASE WHEN last_release THEN 'organization_id' ELSE 'CAST(NULL AS uuid)' END);
    -- Roles are compared without regard to case. Beyond ASCII the letters of Western European languages are known here.
    CREATE TEMPORARY TABLE old_roles ON COMMIT DROP AS
        SELECT r.*, lower(translate(name COLLATE "C", 'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ', 'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ')) AS key FROM legacy.roles r;

    -- The gravest first.
    obstacles := obstacles || (SELECT array_agg(line) FROM (
        SELECT format('there are %s organizations (%s): this service has none, and everybody with accounts:read would see the accounts of all of them. Do not move, or run one service per organization',
            count(DISTINCT organization), string_agg(DISTINCT CAST(organization AS text), ', ')) AS line
        FROM old_accounts HAVING count(DISTINCT organization) > 1) found);
    IF last_release AND zone IS NULL THEN
        obstacles := obstacles || (SELECT array_agg(format('times were written in the time zone of the database, which is %s and not UTC: SET legacy.time_zone = %L before, or another zone that you know to be right', reset_val, reset_val))
            FROM pg_settings WHERE name = 'TimeZone' AND reset_val NOT IN ('UTC', 'Etc/UTC', 'UCT', 'Etc/UCT', 'GMT', 'Etc/GMT', 'Universal', 'Etc/Universal', 'Zulu', 'Etc/Zulu'));
    END IF;
    zone := coalesce(zone, 'UTC');
    obstacles := obstacles || (SELECT array_agg(line) FROM (
        SELECT format('svc-users has %s accounts already; it must have none', count(*)) AS line FROM accounts HAVING count(*) > 0
        UNION ALL SELECT format('svc-users has the role %L already; it must have none but Admin', name) FROM roles WHERE NOT is_system) found);
    obstacles := obstacles || (SELECT array_agg(format('accounts that differ in nothing but the case of their e-mail: %s. Keep one', twins) ORDER BY twins)
        FROM (SELECT string_agg(email, ', ' ORDER BY email COLLATE "C") AS twins FROM old_accounts GROUP BY lower(email COLLATE "C") HAVING count(*) > 1) found);
    obstacles := obstacles || (SELECT array_agg(format('accounts that share the id %s: %s. Give each its own', id, sharers) ORDER BY sharers)
        FROM (SELECT id, string_agg(email, ', ' ORDER BY email COLLATE "C") AS sharers FROM old_accounts GROUP BY id HAVING count(*) > 1) found);
    obstacles := obstacles || (SELECT array_agg(format('the e-mail %L is not ASCII: take the account out, and create it through the API, which knows the canonical form', email) ORDER BY email)
        FROM old_accounts WHERE email ~ '[^ -~]');
    obstacles := obstacles || (SELECT array_agg(format('the e-mail %L is no address that this service takes', email) ORDER BY email)
        FROM old_accounts WHERE email !~ '[^ -~]' AND (octet_length(email) > 254
            OR email !~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$'
            OR email ~ '[.@][0-9]+$' OR lower(email COLLATE "C") ~ '[.@](?!xn)..--'));
    obstacles := obstacles || (SELECT array_agg(format('the password of %L is kept in a form that this service can''t compare: give it another or take the account out', email) ORDER BY email)
        FROM old_accounts WHERE password_hash !~ '^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$');
    obstacles := obstacles || (SELECT array_agg(format('roles that differ in nothing but case: %s. Make them one', twins) ORDER BY twins)
        FROM (SELECT string_agg(quote_literal(name), ', ' ORDER BY name COLLATE "C") AS twins FROM old_roles GROUP BY key HAVING count(*) > 1) found);
    obstacles := obstacles || (SELECT array_agg(format('the role %L has a name that this script can''t compare, begins or ends with a space, or is empty: rename it', name) ORDER BY name)
        FROM old_roles WHERE name !~ '^[!-~À-ÖØ-Þà-öø-ÿ]([ -~À-ÖØ-Þà-öø-ÿ]*[!-~À-ÖØ-Þà-öø-ÿ])?$');
    obstacles := obstacles || (SELECT array_agg(format('the permission %L is no OAuth scope token (printable ASCII without spaces, quotes or backslashes): rename it', name) ORDER BY name)
        FROM legacy.permissions WHERE name !~ '^[!#-\[\]-~]+$');
    obstacles := obstacles || (SELECT array_agg(format('the permission %L has a name that is reserved for this service''s own: rename it, to app:%s for example', name, name) ORDER BY name)
        FROM legacy.permissions old WHERE name ~ '^(accounts|roles|permissions|tokens|changes|sessions|keys|audit|clients|webhooks|throttles|service-accounts|api-keys|factors|settings):'
            AND NOT EXISTS (SELECT 1 FROM permissions p WHERE p.name = old.name));
    IF cardinality(obstacles) > 0 THEN
        RAISE EXCEPTION E'nothing was taken over; % in the way:\n%', CASE cardinality(obstacles) WHEN 1 THEN '1 thing is' ELSE cardinality(obstacles) || ' things are' END,
            array_to_string(obstacles[1:200], E'\n') || CASE WHEN cardinality(obstacles) > 200 THEN E'\n… and more' ELSE '' END;
    END IF;

    INSERT INTO permissions (id, name, created_at, updated_at)
        SELECT id, name, created_at AT TIME ZONE zone, updated_at AT TIME ZONE zone FROM legacy.permissions ON CONFLICT (name) DO NOTHING;
    INSERT INTO roles (id, name, name_key, description, is_system, created_at, updated_at)
        SELECT id, name, key, description, false, created_at AT TIME ZONE zone, updated_at AT TIME ZONE zone FROM old_roles WHERE key <> 'admin';
    -- Admin holds every permission here, without rows that say so.
    INSERT INTO role_permissions (role_id, permission_id)
        SELECT r.id, p.id FROM legacy.role_permissions held JOIN old_roles r ON r.id = held.role_id AND r.key <> 'admin'
            JOIN legacy.permissions old ON old.id = held.permission_id JOIN permissions p ON p.name = old.name;
    INSERT INTO accounts (id, email, email_key, password_hash, role_id, is_active, token_version, has_demo_password, created_at, updated_at)
        SELECT a.id, a.email, lower(a.email COLLATE "C"), a.password_hash, CASE r.key WHEN 'admin' THEN admin ELSE r.id END, true, 1,
            lower(a.email COLLATE "C") IN ('admin@example.com', 'user@example.com'), a.created_at AT TIME ZONE zone, a.updated_at AT TIME ZONE zone
        FROM old_accounts a JOIN old_roles r ON r.id = a.role_id;

    counted := ARRAY[(SELECT count(*) FROM old_accounts), (SELECT count(*) FROM old_roles WHERE key <> 'admin'), (SELECT count(*) FROM legacy.permissions),
        (SELECT count(*) FROM legacy.role_permissions held JOIN old_roles r ON r.id = held.role_id WHERE r.key <> 'admin')];
    moved := ARRAY[(SELECT count(*) FROM accounts), (SELECT count(*) FROM roles WHERE NOT is_system),
        (SELECT count(*) FROM permissions p WHERE EXISTS (SELECT 1 FROM legacy.permissions old WHERE old.name = p.name)), (SELECT count(*) FROM role_permissions)];
    IF counted <> moved THEN
        RAISE EXCEPTION 'nothing was taken over: of accounts, roles, permissions and assignments there were %, and there would be %', counted, moved;
    END IF;
    RAISE NOTICE 'taken over: % accounts, % roles beside Admin, % permissions, % assignments of permissions to roles', moved[1], moved[2], moved[3], moved[4];
    RAISE NOTICE '% accounts have the role Admin, which holds every permission there is: %', (SELECT count(*) FROM accounts WHERE role_id = admin),
        coalesce((SELECT string_agg(email, ', ' ORDER BY email) FROM (SELECT email FROM accounts WHERE role_id = admin ORDER BY email LIMIT 20) firsts), 'make one with "svc-users admin create"');
END
$$;

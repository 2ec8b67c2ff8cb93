package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/store"
)

// traps makes functions and operators of the names that ours use, for every combination of types that pg_catalog has no
// exact one for. Each fails with an error when it is run. None has the name of a function of the service with the same
// types, which other users cannot make either.
const traps = `DO $traps$
DECLARE
	types text[] := ARRAY['uuid', 'uuid[]', 'text', 'text[]', 'varchar', 'name', 'bigint', 'bigint[]', 'integer', 'oid', 'regclass', 'boolean', 'timestamptz', 'numeric', 'double precision'];
	names text[] := ARRAY['tell', 'change_channel', 'listen_on', 'email_trigrams', 'array_agg', 'cardinality', 'unnest', 'array_to_string', 'format', 'gen_random_uuid',
		'clock_timestamp', 'pg_notify', 'concat_ws', 'left', 'encode', 'sha256', 'convert_to', 'count', 'sum', 'max', 'string_to_array', 'ascii', 'strpos', 'set_config',
		'quote_ident', 'to_regclass', 'current_schemas', 'aclexplode', 'has_table_privilege', 'pg_has_role', 'pg_sleep', 'now', 'greatest', 'lower'];
	operators text[] := ARRAY['=', '<>', '<', '<=', '>', '>=', '||', '+', '-', '*', '/', '%', '|', '&', '<<', '>>', '@>', '<@', '&&', '~', '~~'];
	body text := ' LANGUAGE plpgsql AS $body$ BEGIN RAISE EXCEPTION ''a function of another user runs as %'', current_user; END $body$';
	one text; other text; f text;
BEGIN
	FOREACH f IN ARRAY names LOOP
		FOREACH one IN ARRAY types LOOP
			IF one <> 'text' OR f NOT IN ('email_trigrams', 'listen_on') THEN
				EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s) RETURNS text', f, one) || body;
			END IF;
			FOREACH other IN ARRAY types LOOP
				IF f <> 'tell' OR one <> 'regclass' OR other <> 'text' THEN
					EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s, %s) RETURNS text', f, one, other) || body;
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
	FOREACH one IN ARRAY types LOOP
		FOREACH other IN ARRAY types LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION public.change_channel(%s, %s, name) RETURNS text', one, other) || body;
			EXECUTE pg_catalog.format('CREATE FUNCTION public.trap(%s, %s) RETURNS boolean', one, other) || body;
			FOREACH f IN ARRAY operators LOOP
				IF NOT EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oprname = f AND oprnamespace = CAST('pg_catalog' AS regnamespace)
					AND oprleft = CAST(one AS regtype) AND oprright = CAST(other AS regtype)) THEN
					EXECUTE pg_catalog.format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.trap)', f, one, other);
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
END
$traps$`

// TestPostgresForeignFunctions: another user may create functions and operators in the schema, and has made whatever
// could be taken for what the service and its triggers mean. Everything is done that can be, and none of them runs.
func TestPostgresForeignFunctions(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	other, name := stranger(t, url)
	admin(t, url, `GRANT CREATE ON SCHEMA public TO `+name)
	do(t, other, traps)
	// They do catch what is not careful.
	for _, careless := range []string{
		`SELECT tell('authorization_stamp', 'r ' || 'x')`, `SELECT array_agg(gen_random_uuid())`, `SELECT cardinality(ARRAY[CAST('x' AS text)])`,
		`SELECT CAST(1 AS bigint) | 1`, `SELECT ARRAY[CAST(1 AS bigint)] @> ARRAY[CAST(1 AS bigint)]`,
	} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), careless); err == nil || !strings.Contains(err.Error(), "another user") {
			t.Errorf("%s: %v", careless, err)
		}
		_ = conn.Close(context.WithoutCancel(t.Context()))
	}

	s, a := withAccount(t, url) // every migration
	ctx := t.Context()
	if who, err := s.Creators(ctx); err != nil || len(who) != 1 || who[0] != name {
		t.Errorf("%q may create (%v)", who, err)
	}
	listening(t, s, "")
	warm(t, s, a.ID)
	b, p, role := addVictim(t, s, 1)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	in := func(what string, fn func(tx users.Tx) error) {
		t.Helper()
		must(what, s.InTx(ctx, fn))
	}
	in("a role is renamed", func(tx users.Tx) error { r := b.Role; r.Name = "New"; return tx.UpdateRole(ctx, r) })
	in("an account gets another role", func(tx users.Tx) error { b.Role = role; return tx.UpdateAccount(ctx, b) })
	in("an account is disabled", func(tx users.Tx) error { b.Active = false; return tx.UpdateAccount(ctx, b) })
	in("a hash is set", func(tx users.Tx) error { return tx.SetPasswordHash(ctx, b.ID, "h2") })
	in("a permission is renamed", func(tx users.Tx) error { p.Name = "new:name"; return tx.UpdatePermission(ctx, p) })
	must("a hash is replaced", s.InRowTx(ctx, func(tx users.RowTx) error { _, err := tx.ReplacePasswordHash(ctx, b.ID, "h2", "h3"); return err }))
	active := true
	for _, filter := range []users.AccountFilter{{}, {Query: "ctim1"}, {Query: "a"}, {Active: &active}, {RoleID: role.ID}, {Email: b.Email}} {
		for _, order := range []users.Order{{}, {ByText: true, Descending: true}} {
			_, err := s.Accounts(ctx, filter, users.List{Order: order, Limit: 5})
			must("a list", err)
		}
		_, err := s.CountAccounts(ctx, filter, 100)
		must("a count", err)
	}
	_, _, err := s.AccountByEmail(ctx, b.Email)
	must("by e-mail", err)
	must("changes", s.ReadChanges(ctx, func(v feed.View) error {
		state, err := v.ChangeState(ctx)
		if err != nil {
			return err
		}
		_, known := v.HasMark(ctx, state.Position, state.Mark)
		_, rights := v.ChangedRights(ctx, feed.RightsPlace{}, 10)
		_, more := v.ChangedRights(ctx, feed.RightsPlace{Permission: p.ID}, 10)
		_, assigned := v.AssignedTo(ctx, []users.ID{role.ID})
		_, after := v.AssignedAfter(ctx, role.ID, users.ID{}, 10)
		_, accounts := v.ChangedAccounts(ctx, feed.AccountPlace{}, state.Now.Add(-time.Hour), 10)
		return errors.Join(known, rights, more, assigned, after, accounts)
	}))
	must("changes are forgotten", s.ForgetChanges(ctx, time.Hour, time.Hour))
	_, err = s.CursorKey(ctx)
	must("a secret", err)
	_, err = s.Graph(ctx)
	must("roles", err)
	must("Ready", s.Ready(ctx))
	must("Migrate", s.Migrate(ctx))
	warm(t, s, a.ID)
	in("a permission is taken away", func(tx users.Tx) error { return tx.DeletePermission(ctx, p.ID) })
	in("an account is deleted", func(tx users.Tx) error { return tx.DeleteAccount(ctx, b.ID) })
	in("a role is deleted", func(tx users.Tx) error { return tx.DeleteRole(ctx, role.ID) })
	admin(t, url, `INSERT INTO accounts SELECT gen_random_uuid(), pg_catalog.concat(n, 'x'), pg_catalog.concat(n, 'x'), 'x', role_id, true, 1, created_at, updated_at
		FROM accounts CROSS JOIN pg_catalog.generate_series(1, 6000) AS n`)
	// More than are walked through for a part that few addresses have: it is looked up in the index of trigrams.
	found, err := s.Accounts(ctx, users.AccountFilter{Query: "5999x"}, users.List{Limit: 5})
	if err != nil || len(found) != 1 {
		t.Errorf("of an address %d are found (%v)", len(found), err)
	}
	admin(t, url, `UPDATE accounts SET token_version = 5`, `DELETE FROM authorization_stamp`)
	_, err = s.Access(ctx, a.ID)
	must("after the revision was deleted", err)
	admin(t, url, `UPDATE accounts SET is_active = false`, `TRUNCATE accounts CASCADE`)
	in("a new account", func(tx users.Tx) error { return tx.InsertAccount(ctx, a, "h") })
	must("the same counts", func() error {
		if n, err := s.CountAccounts(ctx, users.AccountFilter{}, 0); err != nil || n != 1 {
			return fmt.Errorf("%d accounts (%w)", n, err)
		}
		return nil
	}())
	// Behind a pooler that keeps no prepared statement, types are found out anew each time.
	plain, err := store.Open(ctx, with(url, "default_query_exec_mode=exec"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	must("InTx", plain.InTx(ctx, func(tx users.Tx) error { a.TokenVersion = 7; return tx.UpdateAccount(ctx, a) }))
	_, err = plain.Accounts(ctx, users.AccountFilter{Query: "example"}, users.List{Limit: 5})
	must("a search", err)
	must("Ready", plain.Ready(ctx))
}

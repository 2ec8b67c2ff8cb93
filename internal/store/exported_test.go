package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/pgtest"
	"github.com/svc-users/svc-users/internal/transfer"
)

// exportOf is an export of the rows of fullRows.
const exportOf = `{"id":"0190b7a4-0000-7000-8000-0000000000a1","email":"Ann@Example.com","role":"Ärzte 🩺","is_active":true,HASH"created_at":"2024-02-29T23:59:59.999999Z","updated_at":"2026-03-29T02:30:00.000001Z"}
{"type":"service_account","id":"0190b7a4-0000-7000-8000-0000000000a2","name":"builder","description":null,"role":"Parent","is_active":false,"owner_id":"0190b7a4-0000-7000-8000-0000000000a1","declared_by":null,"created_at":"2026-03-29T02:30:00.000001Z","updated_at":"1970-01-01T00:00:00Z"}
{"type":"role","id":"0190b7a4-0000-7000-8000-00000000000a","name":"Parent","description":"above the one before it","parent":null,"is_system":false,"declared_by":"orders","permissions":[],"created_at":"2024-02-29T23:59:59.999999Z","updated_at":"1970-01-01T00:00:00Z"}
{"type":"role","id":"0190b7a4-0000-7000-8000-00000000000b","name":"Ärzte 🩺","description":null,"parent":"Parent","is_system":false,"declared_by":null,"permissions":["a:b","orders:read"],"created_at":"2024-02-29T23:59:59.999999Z","updated_at":"2026-03-29T02:30:00.000001Z"}
{"type":"permission","id":"0190b7a4-0000-7000-8000-0000000000c2","name":"a:b","description":null,"is_system":false,"declared_by":null,"created_at":"TIME","updated_at":"TIME"}
{"type":"permission","id":"0190b7a4-0000-7000-8000-0000000000c1","name":"orders:read","description":"","is_system":false,"declared_by":"orders","created_at":"2024-02-29T23:59:59.999999Z","updated_at":"2026-03-29T02:30:00.000001Z"}
`

func TestExport(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{"SQLite": newSQLite, "Postgres": pgtest.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := fresh(t)
			s := migrated(t, url)
			var out bytes.Buffer
			if counts, err := transfer.Export(t.Context(), s, &out, transfer.ExportOptions{Hashes: true, All: true}); err != nil || counts != (transfer.Counts{}) || out.Len() > 0 {
				t.Errorf("of an empty database: %v, %v, %q", counts, err, out.String())
			}
			fillAll(t, url)
			moment := map[string]string{"SQLite": "0", "Postgres": "'1970-01-01 00:00:00Z'"}[name]
			db := byHand(t, url)
			for _, statement := range []string{
				`INSERT INTO permissions (id, name, created_at, updated_at) VALUES ('0190b7a4-0000-7000-8000-0000000000c2', 'a:b', ` + moment + `, ` + moment + `)`,
				`INSERT INTO role_permissions VALUES ('0190b7a4-0000-7000-8000-00000000000b', '0190b7a4-0000-7000-8000-0000000000c2')`,
			} {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			for hashes, hash := range map[bool]string{false: "", true: `"password_hash":"$2a$10$x",`} {
				out.Reset()
				counts, err := transfer.Export(t.Context(), s, &out, transfer.ExportOptions{Hashes: hashes, All: true})
				want := strings.NewReplacer("HASH", hash, "TIME", "1970-01-01T00:00:00Z").Replace(exportOf)
				if err != nil || out.String() != want || counts != (transfer.Counts{Accounts: 1, ServiceAccounts: 1, Roles: 2, Permissions: 2}) {
					t.Errorf("hashes %t: %v, %v\n%s\nwant\n%s", hashes, counts, err, out.String(), want)
				}
				first, _, _ := strings.Cut(want, "\n")
				out.Reset()
				counts, err = transfer.Export(t.Context(), s, &out, transfer.ExportOptions{Hashes: hashes})
				if err != nil || out.String() != first+"\n" || counts != (transfer.Counts{Accounts: 1}) {
					t.Errorf("accounts alone: %v, %v\n%s", counts, err, out.String())
				}
				for line := range strings.Lines(want) {
					if !json.Valid([]byte(line)) {
						t.Errorf("no JSON: %s", line)
					}
				}
			}
		})
	}
}

// failing takes only so many bytes.
type failing int

func (f *failing) Write(p []byte) (int, error) {
	if *f -= failing(len(p)); *f < 0 {
		return 0, fmt.Errorf("the disk is full")
	}
	return len(p), nil
}

// TestExportFails: what could not be written is an error, and leaves no transaction open.
func TestExportFails(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) string{"SQLite": newSQLite, "Postgres": pgtest.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := fresh(t)
			s := migrated(t, url)
			fillAll(t, url)
			for room := range failing(3) {
				if _, err := transfer.Export(t.Context(), s, &room, transfer.ExportOptions{All: true}); err == nil || !strings.Contains(err.Error(), "disk is full") {
					t.Errorf("%v", err)
				}
			}
			insertRole(t, s, "after")
		})
	}
}

package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// dbTables are the rows of accounts, roles, permissions, role_permissions, account_sessions, signing_keys, api_keys and
// audiences, by table, key and column. The key of an assignment is "role permission", that of a signing key its kid, that of
// an audience its name. NULL and false of is_system are empty.
type dbTables map[string]map[string]map[string]string

// recordedColumns are those of which events must tell, by table. What is left out follows from others (email_key), is in
// each row that changes (updated_at), or is looked at by itself (password_hash). Of a session its beginning, its end and a
// recovery are events, and no refresh is.
var recordedColumns = map[string][]string{
	"accounts":         {"email", "role_id", "is_active", "token_version", "name", "description", "owner"},
	"roles":            {"name", "description", "parent_id", "owner", "is_system"},
	"permissions":      {"name", "description", "owner", "is_system"},
	"role_permissions": nil,
	"account_sessions": nil,
	"signing_keys":     {"algorithm", "signs_from"},
	"api_keys":         {"name", "account_id", "scope", "expires_at", "successor_id"},
	"audiences":        {"permission_prefix", "owner"},
	"client_secrets":   {"expires_at"},
	"client_keys":      {"thumbprint", "url"},
	"client_trusts":    {"issuer", "subject", "audience", "url"},
}

// columnOf is where the value of a field is kept.
var columnOf = map[users.Field]string{
	users.FieldEmail: "email", users.FieldRole: "role_id", users.FieldActive: "is_active", users.FieldTokenVersion: "token_version",
	users.FieldName: "name", users.FieldDescription: "description", users.FieldParent: "parent_id", users.FieldOwner: "owner",
	users.FieldSystem: "is_system", users.FieldAlgorithm: "algorithm", users.FieldSignsFrom: "signs_from", users.FieldPermissionPrefix: "permission_prefix",
	users.FieldAccount: "account_id", users.FieldScope: "scope", users.FieldExpiresAt: "expires_at", users.FieldSuccessor: "successor_id",
	users.FieldThumbprint: "thumbprint", users.FieldKeysURL: "url", users.FieldIssuer: "issuer", users.FieldSubject: "subject", users.FieldAudience: "audience",
}

// tableOf has the things that an event is about.
var tableOf = map[users.TargetKind]string{
	users.TargetAccount: "accounts", users.TargetRole: "roles", users.TargetPermission: "permissions",
	users.TargetSession: "account_sessions", users.TargetKey: "signing_keys", users.TargetAPIKey: "api_keys", users.TargetAudience: "audiences",
	users.TargetSecret:    "client_secrets",
	users.TargetClientKey: "client_keys", users.TargetTrust: "client_trusts",
}

// accountsWithServices are the accounts, with what only service accounts have. Of those the name stands in email.
const accountsWithServices = `(SELECT a.id, a.role_id, a.is_active, a.token_version, a.updated_at, a.password_hash,
	CASE a.kind WHEN 'person' THEN a.email END AS email, CASE a.kind WHEN 'service' THEN a.email END AS name,
	s.description, coalesce(CAST(s.owner_id AS text), s.owner) AS owner
	FROM accounts a LEFT JOIN service_accounts s ON s.account_id = a.id) AS accounts`

// dbTables reads all rows that events are about.
func (d rawDatabase) dbTables(t testing.TB) dbTables {
	t.Helper()
	all := dbTables{}
	for table, columns := range recordedColumns {
		id, from := "id", table
		columns := append(slices.Clone(columns), "updated_at")
		switch table {
		case "accounts":
			columns, from = append(columns, "password_hash"), accountsWithServices
		case "role_permissions":
			id, columns = "role_id, permission_id", nil
		case "account_sessions":
			columns = []string{"account_id", "recovered_at"}
		case "api_keys":
			columns = slices.Clone(recordedColumns[table])
		case "audiences":
			id = "name"
		case "client_secrets":
			columns = []string{"expires_at", "account_id"}
		case "client_keys":
			columns = []string{"thumbprint", "url", "account_id"}
		case "client_trusts":
			columns = []string{"issuer", "subject", "audience", "url", "account_id"}
		case "signing_keys":
			// A key is told of by its kid. That it was revoked, and encrypted anew, has no field.
			id, columns = "kid", []string{"algorithm", "signs_from", "revoked_at", "private_key"}
		}
		all[table] = map[string]map[string]string{}
		for _, row := range d.rows(t, "SELECT "+strings.Join(append([]string{id}, columns...), ", ")+" FROM "+from) {
			cut := len(row) - len(columns)
			values := map[string]string{}
			for i, column := range columns {
				values[column] = row[cut+i]
				if (column == "signs_from" || column == "expires_at") && row[cut+i] != "" {
					values[column] = d.timeText(t, row[cut+i])
				}
				switch flag := row[cut+i] == "1" || row[cut+i] == "true"; {
				case column == "is_active", column == "is_system" && flag:
					values[column] = fmt.Sprint(flag)
				case column == "is_system":
					values[column] = ""
				}
			}
			key := strings.Join(row[:cut], " ")
			if table == "signing_keys" || table == "audiences" {
				values["name"] = key
			}
			all[table][key] = values
		}
	}
	return all
}

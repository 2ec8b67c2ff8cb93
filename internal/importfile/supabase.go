package importfile

import (
	"time"

	"github.com/svc-users/svc-users/internal/importer"
)

// supabaseRecord reads a row of Supabase's auth.users: as JSON, CSV, or COPY. encrypted_password is bcrypt, mostly; an account
// that logs in with another provider alone has none. Of raw_app_meta_data, which users can't change themselves, "role" or
// "roles" count; the column role is PostgreSQL's, and says nothing here.
func supabaseRecord(t text) (importer.Record, bool) {
	v, faults := row(t)
	r := importer.Record{SourceID: v["id"], Email: v["email"], Faults: faults}
	if faults != nil {
		return r, true
	}
	if v["deleted_at"] != "" {
		r.Passed = "is deleted there"
		return r, true
	}
	confirmed := v["email_confirmed_at"]
	if confirmed == "" {
		confirmed = v["confirmed_at"]
	}
	r.Unverified = confirmed == ""
	r.Disabled = readTime(&r.Faults, "banned_until", bannedUntil(v["banned_until"])).After(time.Now())
	r.CreatedAt = readTime(&r.Faults, "created_at", v["created_at"])
	r.UpdatedAt = readTime(&r.Faults, "updated_at", v["updated_at"])
	r.Roles = metadataRoles([]byte(v["raw_app_meta_data"]))
	if hash := v["encrypted_password"]; hash != "" {
		r.Password = &importer.Hash{Text: hash}
	}
	return r, true
}

// bannedUntil is a time; PostgreSQL's infinity is the last that RFC 3339 can write.
func bannedUntil(text string) string {
	switch text {
	case "infinity":
		return "9999-12-31T00:00:00Z"
	case "-infinity":
		return ""
	}
	return text
}

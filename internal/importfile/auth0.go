package importfile

import (
	"github.com/svc-users/svc-users/internal/importer"

	"github.com/go-json-experiment/json/jsontext"
)

// auth0User is a user of an export, a line each, such as
//
//	{"user_id":"auth0|507f1f77bcf86cd799439011","email":"ada@example.com","email_verified":true,"created_at":"2024-05-01T10:00:00.000Z"}
//
// or an entry of the file of password hashes that Auth0 gives on request:
//
//	{"_id":{"$oid":"507f1f77bcf86cd799439011"},"email":"ada@example.com","email_verified":true,"passwordHash":"$2b$10$…"}
type auth0User struct {
	UserID        string         `json:"user_id"`
	ID            auth0ID        `json:"_id"`
	Email         string         `json:"email"`
	EmailVerified *bool          `json:"email_verified"`
	Blocked       bool           `json:"blocked"`
	CreatedAt     string         `json:"created_at"`
	UpdatedAt     string         `json:"updated_at"`
	AppMetadata   jsontext.Value `json:"app_metadata"`
	PasswordHash  string         `json:"passwordHash"`
	// ImportHash is how Auth0 names the hash in files that it imports itself.
	ImportHash string `json:"password_hash"`
	Factors    []struct {
		TOTP *struct {
			Secret string `json:"secret"`
		} `json:"totp"`
	} `json:"mfa_factors"`
}

type auth0ID struct {
	OID string `json:"$oid"`
}

// auth0Prefix begins the ids of accounts with a password in a database of Auth0.
const auth0Prefix = "auth0|"

func (f *File) auth0Record(t text) (importer.Record, bool) {
	var u auth0User
	faults := decode(t.raw, &u)
	r := importer.Record{SourceID: u.UserID, Email: u.Email, Faults: faults}
	if faults != nil {
		return r, true
	}
	if r.SourceID == "" && u.ID.OID != "" {
		r.SourceID = auth0Prefix + u.ID.OID
	}
	r.Unverified = u.EmailVerified == nil || !*u.EmailVerified
	r.Disabled = u.Blocked
	r.CreatedAt = readTime(&r.Faults, "created_at", u.CreatedAt)
	r.UpdatedAt = readTime(&r.Faults, "updated_at", u.UpdatedAt)
	r.Roles = metadataRoles(u.AppMetadata)
	for _, factor := range u.Factors {
		if factor.TOTP != nil {
			r.TOTP = append(r.TOTP, readTOTP(factor.TOTP.Secret))
		}
	}
	hash := u.PasswordHash
	if hash == "" {
		hash = u.ImportHash
	}
	if hash == "" && f.options.Passwords != nil {
		var err error
		if hash, err = f.options.Passwords.find(r.SourceID); err != nil {
			r.Faults.Add("password", err.Error())
		}
	}
	if hash != "" {
		r.Password = &importer.Hash{Text: hash}
	}
	return r, true
}

package importfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/importer"
)

// FirebaseParameters are the hash parameters of a Firebase project. The signer key is a secret.
type FirebaseParameters = foreignhash.FirebaseProject

// firebaseParameter is a line of what the Firebase console shows.
var firebaseParameter = regexp.MustCompile(`(?m)^\s*"?(\w+)"?\s*[:=]\s*"?([\w+/=-]*)"?\s*,?\s*$`)

// ReadFirebaseParameters reads the parameters as the Firebase console shows them:
//
//	hash_config {
//	  algorithm: SCRYPT,
//	  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH…==,
//	  base64_salt_separator: Bw==,
//	  rounds: 8,
//	  mem_cost: 14,
//	}
func ReadFirebaseParameters(raw []byte) (*FirebaseParameters, error) {
	found := map[string]string{}
	for _, m := range firebaseParameter.FindAllSubmatch(bytes.ReplaceAll(raw, []byte("\r"), nil), -1) {
		found[string(m[1])] = string(m[2])
	}
	if algorithm := found["algorithm"]; algorithm != "" && algorithm != "SCRYPT" {
		return nil, errors.New("has an algorithm that is not SCRYPT")
	}
	p := &FirebaseParameters{SignerKey: found["base64_signer_key"], SaltSeparator: found["base64_salt_separator"]}
	if p.SignerKey == "" {
		return nil, errors.New("has no base64_signer_key; the Firebase console shows it under Authentication, Password hash parameters")
	}
	for name, into := range map[string]*int{"rounds": &p.Rounds, "mem_cost": &p.MemCost} {
		n, err := strconv.Atoi(found[name])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("has no %s that is a number", name)
		}
		*into = n
	}
	return p, nil
}

// firebaseUser is a user of auth:export. Times are milliseconds in strings, customAttributes is JSON in a string.
type firebaseUser struct {
	LocalID          string         `json:"localId"`
	Email            string         `json:"email"`
	EmailVerified    bool           `json:"emailVerified"`
	PasswordHash     string         `json:"passwordHash"`
	Salt             string         `json:"salt"`
	CreatedAt        jsontext.Value `json:"createdAt"`
	Disabled         bool           `json:"disabled"`
	CustomAttributes string         `json:"customAttributes"`
}

func (f *File) firebaseRecord(t text) (importer.Record, bool) {
	if t.member != usersMember {
		return importer.Record{}, false
	}
	var u firebaseUser
	faults := decode(t.raw, &u)
	r := importer.Record{SourceID: u.LocalID, Email: u.Email, Faults: faults}
	if faults != nil {
		return r, true
	}
	r.Unverified = !u.EmailVerified
	r.Disabled = u.Disabled
	r.CreatedAt = readMillis(&r.Faults, "createdAt", u.CreatedAt)
	r.Roles = metadataRoles([]byte(u.CustomAttributes))
	switch {
	case u.PasswordHash == "":
	case f.options.Firebase == nil:
		r.Password = &importer.Hash{Problem: "the hash parameters of the project are missing; --firebase-config names their file"}
	default:
		r.Password = taken(f.options.Firebase.Firebase(u.Salt, u.PasswordHash))
	}
	return r, true
}

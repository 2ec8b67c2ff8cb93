package importfile

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/svc-users/svc-users/internal/foreignhash"
	"github.com/svc-users/svc-users/internal/importer"
)

// keycloak reads the users of a realm export:
//
//	{"realm":"shop","users":[{"id":"…","email":"…","enabled":true,"createdTimestamp":1714550400000,"realmRoles":["editor"],
//	  "credentials":[{"type":"password","secretData":"{\"value\":\"…\",\"salt\":\"…\"}","credentialData":"{\"hashIterations\":5,…}"}]}]}
//
// Credentials are JSON within strings. Versions before 8 had the parts of a hash beside the type.
type keycloak struct{ realm string }

func newKeycloak() *keycloak { return &keycloak{} }

type keycloakUser struct {
	ID               string               `json:"id"`
	Email            string               `json:"email"`
	EmailVerified    bool                 `json:"emailVerified"`
	Enabled          *bool                `json:"enabled"`
	Created          jsontext.Value       `json:"createdTimestamp"`
	ServiceAccountOf string               `json:"serviceAccountClientId"`
	RealmRoles       []string             `json:"realmRoles"`
	Credentials      []keycloakCredential `json:"credentials"`
}

type keycloakCredential struct {
	Type           string `json:"type"`
	Label          string `json:"userLabel"`
	SecretData     string `json:"secretData"`
	CredentialData string `json:"credentialData"`
	// Of versions before 8.
	Value      string `json:"hashedSaltedValue"`
	Salt       string `json:"salt"`
	Iterations int    `json:"hashIterations"`
	Algorithm  string `json:"algorithm"`
	Digits     int    `json:"digits"`
	Period     int    `json:"period"`
	Device     string `json:"device"`
}

func (k *keycloak) record(t text) (importer.Record, bool) {
	if t.member != usersMember {
		if t.member == "realm" {
			_ = json.Unmarshal(t.raw, &k.realm) // a realm without a name has no default roles by that
		}
		return importer.Record{}, false
	}
	var u keycloakUser
	faults := decode(t.raw, &u)
	r := importer.Record{SourceID: u.ID, Email: u.Email, Faults: faults}
	if faults != nil {
		return r, true
	}
	if u.ServiceAccountOf != "" {
		r.Passed = "is the service account of the client " + u.ServiceAccountOf + "; svc-users service-accounts create makes one"
		return r, true
	}
	r.Unverified = !u.EmailVerified
	r.Disabled = u.Enabled != nil && !*u.Enabled
	r.CreatedAt = readMillis(&r.Faults, "createdTimestamp", u.Created)
	r.Roles = slices.DeleteFunc(u.RealmRoles, k.builtIn)
	for _, c := range u.Credentials {
		switch {
		case c.Type == "password" && r.Password == nil:
			r.Password = c.hash()
		case c.Type == "otp" || c.Type == "totp":
			r.TOTP = append(r.TOTP, c.totp())
		}
	}
	return r, true
}

// builtIn reports whether a realm role is one that Keycloak gives by itself.
func (k *keycloak) builtIn(role string) bool {
	return role == "offline_access" || role == "uma_authorization" || role == "default-roles-"+strings.ToLower(k.realm)
}

func (c keycloakCredential) hash() *importer.Hash {
	secret, data := c.SecretData, c.CredentialData
	if c.Value != "" {
		old, err := json.Marshal(map[string]string{"value": c.Value, "salt": c.Salt})
		if err != nil {
			return &importer.Hash{Problem: "it is not of the form that Keycloak writes"}
		}
		algorithm := c.Algorithm
		if algorithm == "" {
			algorithm = "pbkdf2"
		}
		params, err := json.Marshal(map[string]any{"hashIterations": c.Iterations, "algorithm": algorithm})
		if err != nil {
			return &importer.Hash{Problem: "it is not of the form that Keycloak writes"}
		}
		secret, data = string(old), string(params)
	}
	return taken(foreignhash.Keycloak(secret, data))
}

// taken is the result of a reader of package foreignhash.
func taken(h foreignhash.Hash, err error) *importer.Hash {
	if err != nil {
		return &importer.Hash{Problem: err.Error()}
	}
	return &importer.Hash{Text: h.Text()}
}

// totp is the second factor of a credential. Keycloak's secret is the text itself unless it says BASE32.
func (c keycloakCredential) totp() importer.TOTP {
	t := importer.TOTP{Label: c.Label, Secret: []byte(c.Value), Digits: c.Digits, Period: c.Period, Algorithm: strings.TrimPrefix(c.Algorithm, "Hmac")}
	if t.Label == "" {
		t.Label = c.Device
	}
	if c.SecretData == "" {
		return t
	}
	var secret struct {
		Value string `json:"value"`
	}
	var data struct {
		SubType        string `json:"subType"`
		Digits         int    `json:"digits"`
		Period         int    `json:"period"`
		Algorithm      string `json:"algorithm"`
		SecretEncoding string `json:"secretEncoding"`
	}
	switch {
	case json.Unmarshal([]byte(c.SecretData), &secret) != nil || json.Unmarshal([]byte(c.CredentialData), &data) != nil:
		return importer.TOTP{Problem: "is not of the form that Keycloak writes"}
	case data.SubType != "" && data.SubType != "totp":
		return importer.TOTP{Problem: "is of the kind " + data.SubType + ", and only totp can be kept"}
	}
	t.Secret, t.Digits, t.Period, t.Algorithm = []byte(secret.Value), data.Digits, data.Period, strings.TrimPrefix(data.Algorithm, "Hmac")
	if data.SecretEncoding == "BASE32" {
		var problem string
		if t.Secret, problem = readBase32(secret.Value); problem != "" {
			return importer.TOTP{Problem: problem}
		}
	}
	return t
}

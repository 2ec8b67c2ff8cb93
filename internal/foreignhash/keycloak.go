package foreignhash

import (
	"encoding/json"
	"strings"
)

// Keycloak makes a hash of the members secretData and credentialData of a credential of type "password" in the export of
// a realm, both of which are JSON in a string:
//
//	{"value":"BASE64","salt":"BASE64","additionalParameters":{}}
//	{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}
//
// The algorithms are argon2, pbkdf2 (with SHA-1), pbkdf2-sha256 and pbkdf2-sha512.
func Keycloak(secretData, credentialData string) (Hash, error) {
	var secret struct{ Value, Salt string }
	var credential keycloakCredential
	if json.Unmarshal([]byte(secretData), &secret) != nil || json.Unmarshal([]byte(credentialData), &credential) != nil {
		return Hash{}, refuse("", "secretData or credentialData is not JSON of the form that Keycloak writes")
	}
	salt, err := readLoose64("keycloak", "salt", secret.Salt)
	if err != nil {
		return Hash{}, err
	}
	digest, err := readLoose64("keycloak", "digest", secret.Value)
	if err != nil {
		return Hash{}, err
	}
	switch credential.Algorithm {
	case "argon2":
		return credential.argon2(salt, digest)
	case "pbkdf2":
		return newPBKDF2("sha1", credential.HashIterations, salt, digest)
	case "pbkdf2-sha256", "pbkdf2-sha512":
		return newPBKDF2(strings.TrimPrefix(credential.Algorithm, "pbkdf2-"), credential.HashIterations, salt, digest)
	}
	return Hash{}, refuse("", "Keycloak's algorithm is not argon2, pbkdf2, pbkdf2-sha256 or pbkdf2-sha512")
}

type keycloakCredential struct {
	Algorithm            string
	HashIterations       int
	AdditionalParameters map[string][]string
}

// parameter is the one value of a parameter, or missing if it is not there.
func (c keycloakCredential) parameter(name, missing string) string {
	if values := c.AdditionalParameters[name]; len(values) > 0 {
		return values[0]
	}
	return missing
}

func (c keycloakCredential) argon2(salt, digest []byte) (Hash, error) {
	variant := "argon2" + c.parameter("type", "id")
	if c.parameter("version", "1.3") != "1.3" {
		return Hash{}, refuse(variant, "the version is not 1.3")
	}
	memory, err := number(variant, "memory", c.parameter("memory", "7168"))
	if err != nil {
		return Hash{}, err
	}
	lanes, err := number(variant, "parallelism", c.parameter("parallelism", "1"))
	if err != nil {
		return Hash{}, err
	}
	return newArgon2(variant, memory, c.HashIterations, lanes, salt, digest)
}

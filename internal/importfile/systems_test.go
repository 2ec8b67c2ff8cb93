package importfile

import (
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

// Of a realm export the users count, wherever they stand in it.
func TestKeycloak(t *testing.T) {
	t.Parallel()
	const text = `{
  "id": "x", "realm": "Shop", "roles": {"realm": [{"name": "editor"}]}, "users": [ {
    "id": "0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1", "createdTimestamp": 1714550400123, "username": "ada", "enabled": true, "emailVerified": true,
    "email": "ada@example.com", "realmRoles": ["default-roles-shop", "offline_access", "uma_authorization", "editor"],
    "credentials": [
      {"id": "1", "type": "password", "secretData": "{\"value\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\",\"salt\":\"MDEyMzQ1Njc4OWFiY2RlZg==\",\"additionalParameters\":{}}",
       "credentialData": "{\"hashIterations\":5,\"algorithm\":\"argon2\",\"additionalParameters\":{\"hashLength\":[\"32\"],\"memory\":[\"7168\"],\"type\":[\"id\"],\"version\":[\"1.3\"],\"parallelism\":[\"1\"]}}"},
      {"id": "2", "type": "otp", "userLabel": "phone", "secretData": "{\"value\":\"Sk8zRldpbGxCZUhlcmU4\"}", "credentialData": "{\"subType\":\"totp\",\"digits\":6,\"counter\":0,\"period\":30,\"algorithm\":\"HmacSHA1\"}"},
      {"id": "3", "type": "otp", "secretData": "{\"value\":\"JBSWY3DPEHPK3PXP\"}", "credentialData": "{\"subType\":\"totp\",\"digits\":8,\"period\":60,\"algorithm\":\"HmacSHA256\",\"secretEncoding\":\"BASE32\"}"}
    ] },
    {"id": "2", "username": "service-account-orders", "serviceAccountClientId": "orders", "enabled": true},
    {"username": "old", "email": "old@example.com", "enabled": false, "credentials": [
      {"type": "password", "hashedSaltedValue": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "salt": "MDEyMzQ1Njc4OWFiY2RlZg==", "hashIterations": 27500, "algorithm": "pbkdf2-sha256"},
      {"type": "totp", "device": "old phone", "hashedSaltedValue": "secretofoldform", "digits": 6, "period": 30, "algorithm": "HmacSHA1"}]},
    {"email": "hotp@example.com", "emailVerified": true, "credentials": [
      {"type": "otp", "secretData": "{\"value\":\"x\"}", "credentialData": "{\"subType\":\"hotp\"}"},
      {"type": "password", "secretData": "{}", "credentialData": "{\"algorithm\":\"rot13\"}"}]},
    {"email": 7},
    "ada",
    {"email": "last@example.com", "emailVerified": true}
  ], "clients": [{"clientId": "orders"}], "keycloakVersion": "26.7.3" }`
	wantRecords(t, text, Options{}, "keycloak (users)",
		importer.Record{Line: 2, SourceID: "0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1", Email: "ada@example.com", Roles: []string{"editor"}, CreatedAt: at("2024-05-01T08:00:00.123Z"),
			Password: hash("$argon2id$v=19$m=7168,t=5,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"),
			TOTP: []importer.TOTP{
				{Label: "phone", Secret: []byte("Sk8zRldpbGxCZUhlcmU4"), Digits: 6, Period: 30, Algorithm: "SHA1"},
				{Secret: []byte("Hello!\xde\xad\xbe\xef"), Digits: 8, Period: 60, Algorithm: "SHA256"},
			}},
		importer.Record{Line: 11, SourceID: "2", Passed: "is the service account of the client orders; svc-users service-accounts create makes one"},
		importer.Record{Line: 12, Email: "old@example.com", Disabled: true, Unverified: true,
			Password: hash("$pbkdf2-sha256$i=27500$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"),
			TOTP:     []importer.TOTP{{Label: "old phone", Secret: []byte("secretofoldform"), Digits: 6, Period: 30, Algorithm: "SHA1"}}},
		importer.Record{Line: 15, Email: "hotp@example.com",
			Password: &importer.Hash{Problem: "Keycloak's algorithm is not argon2, pbkdf2, pbkdf2-sha256 or pbkdf2-sha512"},
			TOTP:     []importer.TOTP{{Problem: "is of the kind hotp, and only totp can be kept"}}},
		fault(18, "email", "must be a string"),
		fault(19, "", "must be an object"),
		importer.Record{Line: 20, Email: "last@example.com"},
	)
	// What is wrong outside of a user ends the file, and what was read counts.
	for text, want := range map[string]string{
		`{"realm":"x","users":[{"email":"a@b.c"}`:         "the file ends too early: it is cut off, or a bracket or a quote is missing before",
		`{"realm":"x","users":[{"email":"a@b.c"}, {"em`:   "the value that begins on line 1: the file ends too early: it is cut off, or a bracket or a quote is missing before",
		`{"realm":"x","users":[{"email":"a@b.c"}` + "\n{": "line 2 is not valid JSON: a comma or the end of the array is missing",
		`{"realm":"x","users":[{"email":"a@b.c"}]}x`:      "line 1: more follows after the end of the array or object",
		`{"realm":"x","users":[{"email":"a@b.c"}],1:2}`:   "line 1 is not valid JSON: the name of a member is missing",
	} {
		if _, records, err := readAll(t, text, Options{}); err == nil || err.Error() != want || len(records) != 1 {
			t.Errorf("%s: %v, %v, want %s", text, records, err, want)
		}
	}
}

func TestAuth0(t *testing.T) {
	t.Parallel()
	const hashes = `{"_id":{"$oid":"aaa"},"email":"ada@example.com","email_verified":true,"tenant":"shop","connection":"Users","passwordHash":"` + bcryptHash + `","password_set_date":{"$date":"2024-05-01T10:00:00.000Z"},"_tmp_is_unique":true}
not json
{"_id":{"$oid":"bbb"},"email":"bob@example.com","email_verified":false,"passwordHash":"$2b$10$other"}
`
	wantRecords(t, hashes, Options{}, "auth0 (lines)",
		importer.Record{Line: 1, SourceID: "auth0|aaa", Email: "ada@example.com", Password: hash(bcryptHash)},
		fault(2, "", "is not valid JSON"),
		importer.Record{Line: 3, SourceID: "auth0|bbb", Email: "bob@example.com", Password: hash("$2b$10$other"), Unverified: true},
	)
	passwords, err := IndexAuth0Passwords(strings.NewReader(hashes), int64(len(hashes)))
	if err != nil || passwords.Unread != 1 {
		t.Fatal(err, passwords.Unread)
	}
	const export = `{"user_id":"auth0|bbb","email":"bob@example.com","email_verified":true,"blocked":true,"created_at":"2024-05-01T10:00:00.123Z","updated_at":"2024-05-02T10:00:00.000Z","app_metadata":{"role":"Editor","plan":7}}
{"user_id":"google-oauth2|123","email":"g@example.com","email_verified":true,"app_metadata":{"roles":["a","b"]}}
{"user_id":"auth0|aaa","email":"ada@example.com","email_verified":true,"mfa_factors":[{"totp":{"secret":"JBSWY3DPEHPK3PXP"}},{"phone":{"value":"+1"}}]}
{"user_id":"auth0|ccc","email":"c@example.com","email_verified":true,"created_at":"soon","blocked":1}
`
	wantRecords(t, export, Options{Passwords: passwords}, "auth0 (lines)",
		importer.Record{Line: 1, SourceID: "auth0|bbb", Email: "bob@example.com", Disabled: true, Roles: []string{"Editor"}, Password: hash("$2b$10$other"),
			CreatedAt: at("2024-05-01T10:00:00.123Z"), UpdatedAt: at("2024-05-02T10:00:00Z")},
		importer.Record{Line: 2, SourceID: "google-oauth2|123", Email: "g@example.com", Roles: []string{"a", "b"}},
		importer.Record{Line: 3, SourceID: "auth0|aaa", Email: "ada@example.com", Password: hash(bcryptHash),
			TOTP: []importer.TOTP{{Secret: []byte("Hello!\xde\xad\xbe\xef"), Digits: 6, Period: 30, Algorithm: "SHA1"}}},
		importer.Record{Line: 4, SourceID: "auth0|ccc", Email: "c@example.com", Faults: users.Faults{{Field: "blocked", Problem: "must be true or false"}}},
	)
	if _, err := IndexAuth0Passwords(strings.NewReader(export), int64(len(export))); err == nil || !strings.HasPrefix(err.Error(), "has no password hashes") {
		t.Errorf("an export as the file of hashes: %v", err)
	}
}

// firebaseConfig is that of Firebase's own public example.
const firebaseConfig = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}`

func TestFirebase(t *testing.T) {
	t.Parallel()
	project, err := ReadFirebaseParameters([]byte(strings.ReplaceAll(firebaseConfig, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"users": [
{"localId": "uid1", "email": "ada@example.com", "emailVerified": true, "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
 "salt": "42xEC+ixf3L2lw==", "createdAt": "1714550400000", "lastSignedInAt": "1", "disabled": true, "customAttributes": "{\"role\":\"Editor\"}", "providerUserInfo": []},
{"localId": "uid2", "email": "b@example.com", "emailVerified": false, "passwordHash": "%%%", "salt": "42xEC+ixf3L2lw==", "createdAt": 1714550400000},
{"localId": "uid3", "phoneNumber": "+1", "createdAt": "then"}
]}`
	const kept = "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==" +
		"$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
	created := at("2024-05-01T08:00:00Z")
	none := importer.Record{Line: 5, SourceID: "uid3", Unverified: true, Faults: users.Faults{{Field: "createdAt", Problem: "must be milliseconds since 1970"}}}
	wantRecords(t, text, Options{Firebase: project}, "firebase (users)",
		importer.Record{Line: 2, SourceID: "uid1", Email: "ada@example.com", Password: hash(kept), Disabled: true, CreatedAt: created, Roles: []string{"Editor"}},
		importer.Record{Line: 4, SourceID: "uid2", Email: "b@example.com", Unverified: true, CreatedAt: created, Password: &importer.Hash{Problem: "fbscrypt: the digest cannot be decoded"}},
		none)
	missing := &importer.Hash{Problem: "the hash parameters of the project are missing; --firebase-config names their file"}
	wantRecords(t, text, Options{}, "firebase (users)",
		importer.Record{Line: 2, SourceID: "uid1", Email: "ada@example.com", Password: missing, Disabled: true, CreatedAt: created, Roles: []string{"Editor"}},
		importer.Record{Line: 4, SourceID: "uid2", Email: "b@example.com", Unverified: true, CreatedAt: created, Password: missing},
		none)
	for text, want := range map[string]string{
		"":                     "has no base64_signer_key; the Firebase console shows it under Authentication, Password hash parameters",
		"algorithm: BCRYPT":    "has an algorithm that is not SCRYPT",
		"base64_signer_key: x": "has no rounds that is a number",
		"base64_signer_key: x\nrounds: 8\nmem_cost: -1": "has no mem_cost that is a number",
	} {
		if _, err := ReadFirebaseParameters([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestSupabase(t *testing.T) {
	t.Parallel()
	want := func(lines ...int) []importer.Record {
		list := []importer.Record{
			{SourceID: "0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1", Email: "ada@example.com", Password: hash(bcryptHash), Roles: []string{"Editor"},
				CreatedAt: at("2024-05-01T10:00:00.123456Z"), UpdatedAt: at("2024-05-02T10:00:00Z")},
			{SourceID: "2", Email: "b@example.com", Disabled: true, Unverified: true},
			{SourceID: "3", Email: "c@example.com", Passed: "is deleted there"},
		}
		for i, line := range lines {
			list[i].Line = line
		}
		return list
	}
	wantRecords(t, `[{"id":"0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1","aud":"authenticated","role":"authenticated","email":"ada@example.com","encrypted_password":"`+bcryptHash+`",
"email_confirmed_at":"2024-05-01T10:00:00Z","created_at":"2024-05-01T10:00:00.123456+00:00","updated_at":"2024-05-02 10:00:00+00","raw_app_meta_data":{"provider":"email","role":"Editor"},"banned_until":"2001-01-01T00:00:00Z"},
{"id":"2","email":"b@example.com","encrypted_password":"","banned_until":"infinity"},
{"id":"3","email":"c@example.com","encrypted_password":null,"deleted_at":"2024-05-01T10:00:00Z"}]`, Options{}, "supabase (array)", want(1, 3, 4)...)
	wantRecords(t, `id,email,encrypted_password,email_confirmed_at,created_at,updated_at,raw_app_meta_data,banned_until,deleted_at
0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1,ada@example.com,`+bcryptHash+`,2024-05-01 10:00:00+00,2024-05-01 10:00:00.123456+00,2024-05-02 10:00:00+00,"{""role"": ""Editor""}",,
2,b@example.com,,,,,,infinity,
3,c@example.com,,,,,,,2024-05-01 10:00:00+00
`, Options{}, "supabase (CSV)", want(2, 3, 4)...)
	dump := `--
-- PostgreSQL database dump
--
SET statement_timeout = 0;
COPY auth.identities (id, email) FROM stdin;
x	other@example.com
\.
COPY auth.users (id, email, encrypted_password, email_confirmed_at, created_at, updated_at, raw_app_meta_data, banned_until, deleted_at) FROM stdin;
0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1	ada@example.com	` + bcryptHash + `	2024-05-01 10:00:00+00	2024-05-01 10:00:00.123456+00	2024-05-02 10:00:00+00	{"role": "Editor", "note": "a\\tb"}	\N	\N
2	b@example.com		\N	\N	\N	{}	infinity	\N
3	c@example.com	\N	\N	\N	\N	\N	\N	2024-05-01 10:00:00+00
`
	wantRecords(t, dump+"\\.\n\nSELECT 1;\n", Options{}, "supabase (COPY)", want(9, 10, 11)...)
	if _, records, err := readAll(t, dump, Options{}); err == nil || err.Error() != "the dump ends within the rows of auth.users: it is cut off" || len(records) != 3 {
		t.Errorf("a dump that is cut off: %v, %v", records, err)
	}
	if _, _, err := readAll(t, "COPY auth.identities (id) FROM stdin;\n\\.\n", Options{}); err == nil || err.Error() != errNoCopy.Error() {
		t.Errorf("a dump without users: %v", err)
	}
}

func TestDjango(t *testing.T) {
	t.Parallel()
	const text = `[
{"model":"contenttypes.contenttype","pk":1,"fields":{"app_label":"auth","email":7}},
{"model":"auth.group","pk":1,"fields":{"name":"Editors","permissions":[]}},
{"model":"auth.user","pk":7,"fields":{"password":"pbkdf2_sha256$260000$salt$c2hhbHQ=","is_superuser":true,"username":"ada","email":"ada@example.com","is_active":true,"date_joined":"2024-05-01T10:00:00Z","groups":[1]}},
{"model":"shop.customer","pk":"0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1","fields":{"password":"!unusable","email":"bob@example.com","is_active":false,"groups":[["Editors"]]}},
{"model":"auth.user","pk":8,"fields":{"password":"x","email":"c@example.com","groups":[2]}},
{"model":"auth.user","pk":9,"fields":{"password":"x","email":null,"is_active":"no"}},
{"model":"auth.user","pk":10,"fields":[]},
{"pk":11}
]`
	wantRecords(t, text, Options{}, "django (array)",
		importer.Record{Line: 4, SourceID: "7", Email: "ada@example.com", Password: hash("pbkdf2_sha256$260000$salt$c2hhbHQ="), Roles: []string{"Editors"}, CreatedAt: at("2024-05-01T10:00:00Z")},
		importer.Record{Line: 5, SourceID: "0b5a9ed1-9d3c-4a1f-8a86-2f4dbd6a5ac1", Email: "bob@example.com", Disabled: true, Roles: []string{"Editors"}},
		importer.Record{Line: 6, SourceID: "8", Email: "c@example.com", Password: hash("x"),
			Faults: users.Faults{{Field: "fields.groups", Problem: "names a group that does not stand before it; dump auth.group first"}}},
		importer.Record{Line: 7, SourceID: "9", Faults: users.Faults{{Field: "fields.is_active", Problem: "must be true or false"}}},
		importer.Record{Line: 8, SourceID: "10", Faults: users.Faults{{Field: "fields", Problem: "must be an object"}}},
		importer.Record{Line: 9, SourceID: "11", Faults: users.Faults{{Field: "model", Problem: "is missing"}}},
	)
}

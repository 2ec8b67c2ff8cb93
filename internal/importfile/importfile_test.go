package importfile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/importer"
)

// bcryptHash is of the form, and of no password.
const bcryptHash = "$2b$10$AOrEzs5H3MGFuMma9A52kugnucaxVlx9qlCHsCdfuFmPrJHk6CLZq"

// readAll reads a file that can be opened.
func readAll(t testing.TB, text string, o Options) (format string, records []importer.Record, err error) {
	t.Helper()
	f, err := Open(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			return f.Describe(), records, err
		}
		records = append(records, r)
	}
	return f.Describe(), records, nil
}

// wantRecords compares what a file has with what it is to have.
func wantRecords(t *testing.T, text string, o Options, format string, want ...importer.Record) {
	t.Helper()
	is, records, err := readAll(t, text, o)
	if err != nil {
		t.Fatal(err)
	}
	if is != format {
		t.Errorf("the format is %s, want %s", is, format)
	}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Error(diff)
	}
}

// fault is a record that can't be read.
func fault(line int, field, problem string) importer.Record {
	return importer.Record{Line: line, Faults: users.Faults{{Field: field, Problem: problem}}}
}

// hash is a password of a record.
func hash(text string) *importer.Hash { return &importer.Hash{Text: text} }

// at is a time of a record.
func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"email":"a@b.c"}`:                                           "jsonl (lines)",
		"\xef\xbb\xbf\n" + `{"email":"a@b.c"}`:                        "jsonl (lines)",
		`[{"email":"a@b.c"}]`:                                         "jsonl (array)",
		"email,role\n":                                                "csv (CSV)",
		"\xef\xbb\xbfid;\"Email\"\r\n":                                "csv (CSV)",
		`{"realm":"shop","users":[]}`:                                 "keycloak (users)",
		`{"id":"shop","users":[{"username":"ada"}]}`:                  "keycloak (users)",
		`{"realm":"shop"}`:                                            "keycloak (users)",
		`{"user_id":"auth0|1","email":"a@b.c"}`:                       "auth0 (lines)",
		`[{"user_id":"auth0|1"}]`:                                     "auth0 (array)",
		`{"_id":{"$oid":"1"},"passwordHash":"$2b$10$x"}`:              "auth0 (lines)",
		`{"users":[{"localId":"1"}]}`:                                 "firebase (users)",
		`[{"id":"1","email":"a@b.c","encrypted_password":""}]`:        "supabase (array)",
		`{"id":"1","raw_app_meta_data":{}}`:                           "supabase (lines)",
		"instance_id,id,email,encrypted_password\n":                   "supabase (CSV)",
		"--\n-- PostgreSQL database dump\n--\n":                       "supabase (COPY)",
		"COPY auth.users (id, email) FROM stdin;\n":                   "supabase (COPY)",
		`[{"model":"auth.user","pk":1,"fields":{}}]`:                  "django (array)",
		`{"model":"auth.group","pk":1,"fields":{}}`:                   "django (lines)",
		"  [ {\"model\" :\n \"auth.user\", \"fields\": {}, \"pk\":1}": "django (array)",
	} {
		f, err := Open(strings.NewReader(text), Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := f.Describe(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		format Kind
		want   string
	}{
		{"", "", "is empty"},
		{" \n\t", "", "is empty"},
		{"\xef\xbb\xbf", JSONL, "is empty"},
		{"\xff\xfee\x00", "", "is in UTF-16; save it as UTF-8"},
		{"a,b\n1,2\n", "", "is of no format that is known; --format names it"},
		{`{"a":1}`, "", "is of no format that is known; --format names it"},
		{"PK\x03\x04", "", "is of no format that is known; --format names it"},
		{`{"email":"a@b.c"}`, CSV, "is no csv: it has the form lines, and not CSV"},
		{"email\n", Keycloak, "is no keycloak: it has the form CSV, and not users"},
		{`{"users":[{"localId":"1"}]}`, JSONL, "is no jsonl: it has the form users, and not lines or array"},
	} {
		if _, err := Open(strings.NewReader(c.text), Options{Kind: c.format}); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestOwnLines(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		`{"id":"018f3c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f","email":"ada@example.com","role":"Editor","password_hash":"` + bcryptHash + `","created_at":"2024-05-01T10:00:00Z","updated_at":"2024-05-02T10:00:00+02:00","is_active":false,"totp_secret":"jbsw y3dp ehpk 3pxp"}`,
		`{"email":"bob@example.com","role":{"id":"x","name":"User"},"email_verified":false}`,
		"",
		`{"email":"eve@example.com","mail":"x","password":"letmein"}`,
		`{"email":["a"]}`,
		`{"email":"a","email":"b"}`,
		`{"email":`,
		`[1]`,
		`null`,
		`{"email":"` + "\xff" + `"}`,
		`{"email":"` + strings.Repeat("x", maxText) + `"}`,
		`{"email":"zoe@example.com","is_active":"maybe","created_at":"yesterday","totp_secret":"1"}`,
		`{"email":"last@example.com"}`,
	}, "\n")
	wantRecords(t, text, Options{}, "jsonl (lines)",
		importer.Record{Line: 1, SourceID: "018f3c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f", Email: "ada@example.com", Roles: []string{"Editor"}, Password: hash(bcryptHash),
			CreatedAt: at("2024-05-01T10:00:00Z"), UpdatedAt: at("2024-05-02T10:00:00+02:00"), Disabled: true,
			TOTP: []importer.TOTP{{Secret: []byte("Hello!\xde\xad\xbe\xef"), Digits: 6, Period: 30, Algorithm: "SHA1"}}},
		importer.Record{Line: 2, Email: "bob@example.com", Roles: []string{"User"}, Unverified: true},
		importer.Record{Line: 4, Email: "eve@example.com", Faults: users.Faults{
			{Field: "mail", Problem: unknownField("mail")}, {Field: "password", Problem: unknownField("password")},
		}},
		importer.Record{Line: 5, Email: `["a"]`},
		fault(6, "email", "is a duplicate"),
		fault(7, "", "is not valid JSON"),
		fault(8, "", "must be an object"),
		fault(9, "", "must be an object"),
		fault(10, "", "is not valid UTF-8"),
		fault(11, "", problemLong),
		importer.Record{Line: 12, Email: "zoe@example.com", TOTP: []importer.TOTP{{Problem: "must be base32"}}, Faults: users.Faults{
			{Field: "is_active", Problem: "must be true or false"}, {Field: "created_at", Problem: wantedTime},
		}},
		importer.Record{Line: 13, Email: "last@example.com"},
	)
}

func TestCSV(t *testing.T) {
	t.Parallel()
	text := "Email;password_hash;is_active;role\r\n" +
		"ada@example.com;" + bcryptHash + ";true;\"Head of \"\"IT\"\"; Berlin\"\r\n" +
		"\r\n" +
		"bob@example.com;;false;\"two\nlines\"\n" +
		"eve@example.com;;\n" +
		"\"zoe@example.com;;;\n" +
		"quo\"t\"e;;;\n" +
		"\"a\"b;;;\n" +
		"last@example.com;;;"
	wantRecords(t, text, Options{}, "csv (CSV)",
		importer.Record{Line: 2, Email: "ada@example.com", Password: hash(bcryptHash), Roles: []string{`Head of "IT"; Berlin`}},
		importer.Record{Line: 4, Email: "bob@example.com", Disabled: true, Roles: []string{"two\nlines"}},
		fault(6, "", "has 3 columns, and the first line has 4"),
		fault(7, "", "has a quote that is not closed"),
		fault(8, "", "has a quote within a field that does not begin with one"),
		fault(9, "", "has text after a closing quote"),
		importer.Record{Line: 10, Email: "last@example.com"},
	)
	for text, want := range map[string]string{
		"email,password\nada@example.com,letmein\n": `line 1: the column "password" is for a password itself, which no file should have and an import does not take; password_hash is for its hash`,
		"email,mail\n":  `line 1: the column "mail" is no field of this form; there are id, email, email_verified, role, is_active, password_hash, totp_secret, created_at, updated_at`,
		"email,,role\n": "line 1: column 2 has no name",
		"email,EMAIL\n": `line 1: there are two columns "email"`,
		"\"email\n":     "has a quote that is not closed",
	} {
		if _, records, err := readAll(t, text, Options{Kind: CSV}); err == nil || err.Error() != want || len(records) > 0 {
			t.Errorf("%q: %v, %v, want %s", text, records, err, want)
		}
	}
}

package importfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/svc-users/svc-users/internal/importer"
)

// readAny reads whatever a file has, in pieces of one byte or as a whole.
func readAny(t *testing.T, r io.Reader, o Options) (records []importer.Record, err error) {
	t.Helper()
	f, err := Open(r, o)
	if err != nil {
		return nil, err
	}
	for r, err := range f.Records() {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

// checkFile holds what is read of any bytes against what is true of all of them.
func checkFile(t *testing.T, raw []byte, o Options) {
	t.Helper()
	records, err := readAny(t, bytes.NewReader(raw), o)
	again, errAgain := readAny(t, iotest.OneByteReader(bytes.NewReader(raw)), o)
	if diff := cmp.Diff(records, again); diff != "" || (err == nil) != (errAgain == nil) {
		t.Errorf("in pieces it is another file: %v, %v\n%s", err, errAgain, diff)
	}
	last := 0
	for _, r := range records {
		if r.Line < last || r.Line < 1 || r.Line > 1+bytes.Count(raw, []byte("\n")) {
			t.Errorf("line %d after line %d", r.Line, last)
		}
		last = r.Line
		for _, f := range r.Faults {
			if f.Problem == "" || !utf8.ValidString(f.Problem) {
				t.Errorf("a fault without a sentence: %+v", f)
			}
		}
		if r.Faults == nil && r.Password != nil && (r.Password.Text == "") == (r.Password.Problem == "") {
			t.Errorf("a password has a text or a problem: %+v", *r.Password)
		}
	}
}

// A line that is wrong is read as wrong, and the line after it as if it were not there.
func checkLine(t *testing.T, line string, o Options, before, good, after, email string) {
	t.Helper()
	if strings.ContainsAny(line, "\n") || len(line) > 4096 {
		return
	}
	records, err := readAny(t, strings.NewReader(before+line+"\n"+good+"\n"+after), o)
	if err != nil || len(records) == 0 || records[len(records)-1].Email != email || records[len(records)-1].Faults != nil {
		t.Errorf("after %q: %v, %+v", line, err, records)
	}
}

func FuzzJSONLines(f *testing.F) {
	f.Add([]byte(`{"email":"a@b.c","role":"x","totp_secret":"JBSWY3DP"}` + "\n" + `[{"email":1}]`))
	f.Add([]byte(`[{"email":"a@b.c"}, 1, "x", {"email":"\ud800"}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkFile(t, raw, Options{Kind: JSONL})
		checkLine(t, string(raw), Options{Kind: JSONL}, `{"email":"first@example.com"}`+"\n", `{"email":"last@example.com"}`, "", "last@example.com")
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("email,role\r\na@b.c,\"x\"\"y\"\n\"a\nb\",z\n\"open,z\n"))
	f.Add([]byte("\"email\"\t'x'\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkFile(t, raw, Options{Kind: CSV})
		if bytes.Count(raw, []byte(`"`))%2 == 0 { // else it may be one row with the next line
			checkLine(t, string(raw), Options{Kind: CSV}, "email,role\n", "last@example.com,x", "", "last@example.com")
		}
	})
}

func FuzzKeycloak(f *testing.F) {
	f.Add([]byte(`{"realm":"x","users":[{"id":"1","email":"a@b.c","credentials":[{"type":"otp","secretData":"{\"value\":\"x\"}","credentialData":"{}"}]}]}`))
	f.Add([]byte(`{"users":[{"username":"a"}],"realm":{"users":[]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFile(t, raw, Options{Kind: Keycloak}) })
}

func FuzzAuth0(f *testing.F) {
	f.Add([]byte(`{"user_id":"auth0|1","email":"a@b.c","app_metadata":{"roles":["x"]},"mfa_factors":[{"totp":{"secret":"JBSWY3DP"}}]}`))
	f.Add([]byte(`{"_id":{"$oid":"1"},"passwordHash":"$2b$10$x"}` + "\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkFile(t, raw, Options{Kind: Auth0})
		// As the file of hashes: what is found has the id that was asked for.
		passwords, err := IndexAuth0Passwords(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		if _, err := passwords.find("auth0|1"); err != nil {
			t.Error(err)
		}
	})
}

func FuzzFirebase(f *testing.F) {
	f.Add([]byte(`{"users":[{"localId":"1","email":"a@b.c","passwordHash":"eA==","salt":"eA==","createdAt":"1","customAttributes":"{}"}]}`))
	project, err := ReadFirebaseParameters([]byte(firebaseConfig))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkFile(t, raw, Options{Kind: Firebase, Firebase: project}) })
}

func FuzzFirebaseParameters(f *testing.F) {
	f.Add([]byte(firebaseConfig))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := ReadFirebaseParameters(raw)
		if err == nil && (p.SignerKey == "" || p.Rounds < 1 || p.MemCost < 1) {
			t.Errorf("%+v", p)
		}
	})
}

func FuzzSupabase(f *testing.F) {
	f.Add([]byte(`[{"id":"1","email":"a@b.c","encrypted_password":"$2a$10$x","raw_app_meta_data":{"role":"x"},"banned_until":"infinity"}]`))
	f.Add([]byte("id,email,encrypted_password\n1,a@b.c,$2a$10$x\n"))
	f.Add([]byte("COPY auth.users (id, email) FROM stdin;\n1\ta\\tb\n\\N\t\\\n\\.\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkFile(t, raw, Options{Kind: Supabase})
		if line := string(raw); strings.TrimSuffix(line, "\r") != `\.` {
			checkLine(t, line, Options{Kind: Supabase}, "COPY auth.users (id, email, confirmed_at) FROM stdin;\n", "1\tlast@example.com\t2024-05-01 10:00:00+00", "\\.\n", "last@example.com")
		}
	})
}

func FuzzDjango(f *testing.F) {
	f.Add([]byte(`[{"model":"auth.group","pk":1,"fields":{"name":"x"}},{"model":"auth.user","pk":7,"fields":{"email":"a@b.c","password":"!","groups":[1,["x"]]}}]`))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFile(t, raw, Options{Kind: Django}) })
}

// A reader that fails ends the file with its error.
func TestReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for _, head := range []string{`{"email":"a@b.c"}` + "\n", `[{"email":"a@b.c"},`, `{"realm":"x","users":[{"email":"a@b.c"},`, "email\na@b.c\n", "COPY auth.users (email) FROM stdin;\na@b.c\n"} {
		// The first 64 KiB are read when the file is opened.
		records, err := readAny(t, io.MultiReader(strings.NewReader(head+strings.Repeat(" ", peeked)), iotest.ErrReader(broken)), Options{})
		if !errors.Is(err, broken) || len(records) == 0 {
			t.Errorf("%s: %v, %v", head, records, err)
		}
	}
}

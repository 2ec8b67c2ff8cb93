package importfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/svc-users/svc-users/internal/importer"
)

// Kind is the shape of an export.
type Kind string

// The kinds there are.
const (
	JSONL    Kind = "jsonl"    // our own fields, as JSON objects
	CSV      Kind = "csv"      // our own fields, as columns
	Keycloak Kind = "keycloak" // a realm export
	Auth0    Kind = "auth0"    // a user export, or the file of password hashes
	Firebase Kind = "firebase" // auth:export
	Supabase Kind = "supabase" // auth.users as JSON, CSV or COPY
	Django   Kind = "django"   // dumpdata
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{JSONL, CSV, Keycloak, Auth0, Firebase, Supabase, Django} }

// Options say how a file is read.
type Options struct {
	// Kind is detected where it is empty.
	Kind Kind
	// Passwords has the password hashes of Auth0 by the ids of their users; nil without.
	Passwords *Auth0Passwords
	// Firebase are the hash parameters of the project; nil without.
	Firebase *FirebaseParameters
}

// File is an export.
type File struct {
	Kind    Kind
	form    form
	in      *bufio.Reader
	counted *countingReader
	options Options
}

// form is how a file holds its texts.
type form string

const (
	formLines form = "lines" // a JSON object in each line
	formArray form = "array" // a JSON array of objects
	formUsers form = "users" // a JSON object with an array "users"
	formCSV   form = "CSV"
	formCopy  form = "COPY" // a PostgreSQL dump, or a part of one
)

// peeked is how much of a file is looked at to find out its kind.
const peeked = 64 << 10

// Open begins to read an export. An error says what keeps it from being read at all.
func Open(r io.Reader, o Options) (*File, error) {
	counted := &countingReader{r: r}
	f := &File{Kind: o.Kind, in: bufio.NewReaderSize(counted, peeked), counted: counted, options: o}
	head, err := f.in.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return nil, errors.New("is in UTF-16; save it as UTF-8")
	}
	if rest, marked := bytes.CutPrefix(head, []byte("\xef\xbb\xbf")); marked {
		_, _ = f.in.Discard(len(head) - len(rest)) // which were peeked at
		head = rest
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, errors.New("is empty")
	}
	var kind Kind
	kind, f.form = detect(head)
	if f.Kind == "" {
		f.Kind = kind
	}
	if f.Kind == "" {
		return nil, errors.New("is of no format that is known; --format names it")
	}
	if fits := forms[f.Kind]; !slices.Contains(fits, f.form) {
		return nil, fmt.Errorf("is no %s: it has the form %s, and not %s", f.Kind, f.form, joinForms(fits))
	}
	return f, nil
}

// forms are those in which each kind comes.
var forms = map[Kind][]form{
	JSONL: {formLines, formArray}, CSV: {formCSV}, Keycloak: {formUsers}, Auth0: {formLines, formArray}, Firebase: {formUsers},
	Supabase: {formLines, formArray, formCSV, formCopy}, Django: {formArray, formLines},
}

func joinForms(list []form) string {
	var texts []string
	for _, f := range list {
		texts = append(texts, string(f))
	}
	return strings.Join(texts, " or ")
}

// Describe says what was found, such as "keycloak (users)".
func (f *File) Describe() string { return string(f.Kind) + " (" + string(f.form) + ")" }

// BytesRead is how much of the file has been read.
func (f *File) BytesRead() int64 { return f.counted.n }

// Records returns the accounts of the file, once. The error that ends it says where the file can't be read on.
func (f *File) Records() iter.Seq2[importer.Record, error] {
	read := map[Kind]func(text) (importer.Record, bool){
		JSONL: ownRecord, CSV: ownRecord, Supabase: supabaseRecord,
		Keycloak: newKeycloak().record, Auth0: f.auth0Record, Firebase: f.firebaseRecord, Django: newDjango().record,
	}[f.Kind]
	return func(yield func(importer.Record, error) bool) {
		for t, err := range f.texts() {
			if err != nil {
				yield(importer.Record{}, err)
				return
			}
			if t.raw == nil && t.problem == "" {
				continue // the array of users begins
			}
			record, is := importer.Record{Line: t.line}, true
			if t.problem != "" {
				record.Faults.Add("", t.problem)
			} else if record, is = read(t); is {
				record.Line = t.line
			}
			if is && !yield(record, nil) {
				return
			}
		}
	}
}

// countingReader counts what is read through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

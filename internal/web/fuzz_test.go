package web

import (
	stdjson "encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	users "github.com/svc-users/svc-users"
)

// FuzzBody compares the reader with the standard library's, which is looser: what that refuses ours must refuse
// too, and what ours takes without a fault must mean the same to both.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","nick":"b","on":true,"note":null,"ids":["x"]}`, `{}`, `[]`, `{"name":"a","name":"b"}`, `{"name":"\ud800"}`,
		`{"ids":[1,null,[[[]]]]}`, `{"x":{"y":{"z":1}}}`, "\xef\xbb\xbf{}", `{"name":"a"}{}`, `{"name":"a","ids":[],"things":[{"name":"b","note":null,"tags":["c"]},{}]}`, `"x`, `nul`, `{"name":1e999}`,
	} {
		f.Add([]byte(seed))
	}
	plan := newBodySpec(reflect.TypeFor[sample](), SmallBody)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in sample
		read, err := plan.read(raw, &in)
		faults := read.faults
		var r *refusal
		if err != nil && (!errors.As(err, &r) || r.status != http.StatusBadRequest || r.message == "") {
			t.Fatalf("%v", err)
		}
		for _, fault := range faults {
			if fault.Problem == "" || !utf8.ValidString(fault.Field) || utf8.RuneCountInString(fault.Field) > maxFieldRunes+1 {
				t.Fatalf("fault %q", fault)
			}
		}
		if !stdjson.Valid(raw) && err == nil {
			t.Fatalf("%q is taken for JSON", raw)
		}
		if err != nil || len(faults) > 0 {
			return
		}
		var loose struct {
			Name *string
			Nick *string
			On   *bool
			Note *string
			IDs  []string

			Things []struct {
				Name *string
				Note *string
				Tags []string
			}
		}
		if err := stdjson.Unmarshal(raw, &loose); err != nil {
			t.Fatal(err)
		}
		if loose.Name == nil || *loose.Name != in.Name || !reflect.DeepEqual(loose.Nick, in.Nick) ||
			!reflect.DeepEqual(loose.On, in.On) || !reflect.DeepEqual(loose.Note, in.Note.To) || !reflect.DeepEqual(loose.IDs, in.IDs) {
			t.Fatalf("%q: %+v, but %+v", raw, in, loose)
		}
		if len(loose.Things) != len(in.Things) {
			t.Fatalf("%q: %+v, but %+v", raw, in, loose)
		}
		for i, l := range loose.Things {
			if got := in.Things[i]; l.Name == nil || *l.Name != got.Name || !reflect.DeepEqual(l.Note, got.Note.To) || !reflect.DeepEqual(l.Tags, got.Tags) {
				t.Fatalf("%q: %+v, but %+v", raw, in, loose)
			}
		}
	})
}

// FuzzQuery makes sure that whatever stands in a query is either read as valid text or named as a fault.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"page=1&q=a", "page=%zz", "%00=%00", "q=%ff&q=1", "&&=&", "cursor=&page=1", "sort=-email;x"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	a := cursorAPI(1)
	known := queryParamNames(append(DescribeListParams("email"), DescribeSearchParam("")))
	f.Fuzz(func(t *testing.T, raw string, reading bool) {
		method := http.MethodPost
		if reading {
			method = http.MethodGet
		}
		values, faults := readQuery(raw, method, known)
		if _, other := readQuery(raw, http.MethodPost, nil); !reading && len(values) > 0 && len(other) == 0 {
			t.Fatalf("values %q are no faults where nothing is known", values)
		}
		for name, value := range values {
			if !faults.Has(name) && CheckText(value) != "" {
				t.Fatalf("%s=%q passes", name, value)
			}
		}
		x := &Exchange{handler: a, Query: values, Found: faults}
		x.SearchParam("q")
		l := x.ReadListing("accounts", "email")
		for _, fault := range x.Found {
			if !utf8.ValidString(fault.Field) || utf8.RuneCountInString(fault.Field) > maxFieldRunes+1 {
				t.Fatalf("fault %q", fault)
			}
		}
		if len(x.Found) == 0 && (l.Paging.Size < 1 || l.Paging.Size > maxPageSize || l.Paging.Page < 0 || l.Paging.Page > maxPage ||
			l.Paging.Page > 0 && l.Paging.After != nil) {
			t.Fatalf("paging %+v", l.Paging)
		}
	})
}

// FuzzCursor makes sure that only what was sealed opens, and opens to the same.
func FuzzCursor(f *testing.F) {
	a := cursorAPI(1)
	f.Add("list", "text", int64(1), "AAAA")
	f.Add("", "", int64(-1), a.sealCursor("other", users.Position{}))
	f.Fuzz(func(t *testing.T, list, text string, micros int64, forged string) {
		if _, ok := a.openCursor(list+"\x00", forged); ok {
			t.Fatalf("%q opens", forged)
		}
		p := users.Position{Time: time.UnixMicro(micros).UTC(), Text: text, ID: users.NewID()}
		cursor := a.sealCursor(list, p)
		got, ok := a.openCursor(list, cursor)
		if len(cursor) > maxCursor {
			if ok {
				t.Fatal("too long a cursor opens")
			}
			return
		}
		if !ok || !got.Time.Equal(p.Time) || got.Text != p.Text || got.ID != p.ID {
			t.Fatalf("%+v, %v; want %+v", got, ok, p)
		}
	})
}

package web

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// sample has a member of every kind.
type sample struct {
	Name string   `json:"name"`
	Nick *string  `json:"nick,omitempty"`
	On   *bool    `json:"on,omitempty"`
	Note Nullable `json:"note,omitempty"`
	IDs  []string `json:"ids"`

	Things []thing `json:"things,omitempty"`
}

// thing is an item of an array of objects.
type thing struct {
	Name string   `json:"name"`
	Note Nullable `json:"note,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

func readSample(raw string) (sample, []string, error) {
	var in sample
	read, err := newBodySpec(reflect.TypeFor[sample](), SmallBody).read([]byte(raw), &in)
	var list []string
	for _, f := range read.faults {
		list = append(list, f.Field+": "+f.Problem)
	}
	return in, list, err
}

func TestBodyFaults(t *testing.T) {
	t.Parallel()
	many := func(n int) string { return strings.TrimSuffix(strings.Repeat(`"x",`, n), ",") }
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"all there":          {`{"name":"a","nick":"b","on":true,"note":"c","ids":["d"]}`, nil},
		"only the required":  {`{"name":"","ids":[]}`, nil},
		"null empties":       {`{"name":"a","note":null,"ids":[]}`, nil},
		"nothing":            {`{}`, []string{"name: is required", "ids: is required"}},
		"null elsewhere":     {`{"name":null,"nick":null,"on":null,"ids":null}`, []string{"name: must not be null", "nick: must not be null", "on: must not be null", "ids: must not be null"}},
		"other types":        {`{"name":1,"nick":[],"on":"true","note":{},"ids":"x"}`, []string{"name: must be a string", "nick: must be a string", "on: must be true or false", "note: must be a string", "ids: must be an array of strings"}},
		"elements":           {`{"name":"a","ids":["x",1,"y",null,["z"]]}`, []string{"ids.1: must be a string", "ids.3: must not be null", "ids.4: must be a string"}},
		"unknown":            {`{"name":"a","ids":[],"Name":"b","":1}`, []string{"Name: is not a field of this request", ": is not a field of this request"}},
		"unknown, empty":     {`{"":1}`, []string{": is not a field of this request", "name: is required", "ids: is required"}},
		"no object":          {`[1]`, []string{": must be a JSON object"}},
		"a string":           {`"x"`, []string{": must be a JSON object"}},
		"null":               {`null`, []string{": must be a JSON object"}},
		"1000 items":         {`{"name":"a","ids":[` + many(1000) + `]}`, nil},
		"1001 items":         {`{"name":"a","ids":[` + many(1001) + `]}`, []string{"ids: must have at most 1000 items"}},
		"1001 items below":   {`{"name":{"deep":[[` + many(1001) + `]]},"ids":[]}`, []string{"name: must be a string", "name.deep.0: must have at most 1000 items"}},
		"1001 items on top":  {`[` + many(1001) + `]`, []string{": must have at most 1000 items"}},
		"32 deep":            {`{"name":"a","ids":[],"x":` + deep(31) + `}`, []string{"x: is not a field of this request"}},
		"33 deep":            {`{"name":"a","ids":[],"note":` + deep(32) + `}`, []string{"note: must be a string", ": must not be nested more than 32 deep"}},
		"33 deep on top":     {deep(33), []string{": must not be nested more than 32 deep"}},
		"deeper than anyone": {`{"name":"a","ids":[],"x":` + deep(100_000) + `}`, []string{"x: is not a field of this request", ": must not be nested more than 32 deep"}},
		"objects":            {`{"name":"a","ids":[],"things":[{"name":"x","tags":["y"]},{"name":"","note":null}]}`, nil},
		"no objects":         {`{"name":"a","ids":[],"things":[]}`, nil},
		"not objects":        {`{"name":"a","ids":[],"things":["x",null,[],{}]}`, []string{"things.0: must be an object", "things.1: must not be null", "things.2: must be an object", "things.3.name: is required"}},
		"not an array":       {`{"name":"a","ids":[],"things":{"name":"x"}}`, []string{"things: must be an array of objects"}},
		"null for an array":  {`{"name":"a","ids":[],"things":null}`, []string{"things: must not be null"}},
		"in objects":         {`{"name":"a","ids":[],"things":[{"name":1,"note":[],"tags":["x",null,{}],"foo":{"bar":1}},{"Name":"x","name":"y"}]}`, []string{"things.0.name: must be a string", "things.0.note: must be a string", "things.0.tags.1: must not be null", "things.0.tags.2: must be a string", "things.0.foo: is not a field of this request", "things.1.Name: is not a field of this request"}},
		"1001 in an object":  {`{"name":"a","ids":[],"things":[{"name":"x","tags":[` + many(1001) + `]}]}`, []string{"things.0.tags: must have at most 1000 items"}},
		"1001 objects":       {`{"name":"a","ids":[],"things":[` + strings.Repeat(`{"name":"x"},`, 1000) + `1]}`, []string{"things: must have at most 1000 items"}},
		"33 deep in objects": {`{"name":"a","ids":[],"things":[{"name":"x","note":` + deep(30) + `}]}`, []string{"things.0.note: must be a string", ": must not be nested more than 32 deep"}},
		"a long name":        {`{"name":"a","ids":[],"` + strings.Repeat("ä", 5000) + `":1}`, []string{strings.Repeat("ä", 100) + "…: is not a field of this request"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got, err := readSample(c.body)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestBodyIsNotJSON(t *testing.T) {
	t.Parallel()
	for body, where := range map[string]string{
		``:                               "is empty",
		" \n\t ":                         "is empty",
		`{`:                              "ends too early",
		`{"name":"a`:                     "ends too early",
		`{"name":"a","ids":[]}x`:         "something follows the object, at byte 21",
		`{"name":"a","ids":[]}{}`:        "something follows the object, at byte 21",
		`{"name":"a","ids":[]} null`:     "something follows the object",
		`{"name":"a","name":"b"}`:        "duplicate member",
		`{"x":{"y":[{"z":1,"z":2}]}}`:    "duplicate member",
		`{"name":"a","n\u0061me":"b"}`:   "duplicate member",
		"{\"name\":\"\xff\"}":            "not valid UTF-8, at byte 9",
		`{"name":"\ud800"}`:              "unexpected text",
		`{"name":"\udc00\ud800"}`:        "unexpected text",
		"\xef\xbb\xbf{}":                 "unexpected text, at byte 0",
		`{'name':"a"}`:                   "unexpected text",
		`{"name":"a",}`:                  "unexpected text",
		`{name:"a"}`:                     "unexpected text",
		`{"name":NaN}`:                   "unexpected text",
		`{"name":01}`:                    "unexpected text",
		"{\"name\":\"a\x00b\"}":          "unexpected text",
		"{\"name\":\"a\nb\"}":            "unexpected text",
		`{"name":1,"x":[1,2}`:            "unexpected text",
		`// a comment` + "\n" + `{}`:     "unexpected text",
		`{"hunter2-hunter2":"secret1",]`: "unexpected text",
	} {
		_, _, err := readSample(body)
		var r *refusal
		if !errors.As(err, &r) || r.status != http.StatusBadRequest || !strings.Contains(r.message, where) {
			t.Errorf("%q: %v, want a 400 that says %q", body, err, where)
			continue
		}
		if strings.Contains(r.message, "hunter2") || strings.Contains(r.message, "secret1") {
			t.Errorf("%q: the message repeats what was sent: %s", body, r.message)
		}
	}
}

func TestBodyValues(t *testing.T) {
	t.Parallel()
	in, faults, err := readSample(`{"name":"aé\u0000","nick":"","on":false,"note":null,"ids":["x","y"]}`)
	if err != nil || faults != nil {
		t.Fatal(faults, err)
	}
	if in.Name != "aé\x00" || in.Nick == nil || *in.Nick != "" || in.On == nil || *in.On || !in.Note.Set || in.Note.To != nil ||
		!slices.Equal(in.IDs, []string{"x", "y"}) {
		t.Errorf("got %+v", in)
	}
	in, _, _ = readSample(`{"name":"a","ids":[]}`)
	if in.Nick != nil || in.On != nil || in.Note.Set || in.IDs == nil {
		t.Errorf("absent members are there: %+v", in)
	}
}

func TestBodyObjects(t *testing.T) {
	t.Parallel()
	in, faults, err := readSample(`{"name":"a","ids":[],"things":[{"name":"x","note":"n","tags":["y"]},7,{"name":"z","note":null}]}`)
	if err != nil || len(faults) != 1 || len(in.Things) != 3 {
		t.Fatal(in, faults, err)
	}
	first, none, last := in.Things[0], in.Things[1], in.Things[2]
	if first.Name != "x" || first.Note.To == nil || *first.Note.To != "n" || !slices.Equal(first.Tags, []string{"y"}) ||
		none.Name != "" || last.Name != "z" || !last.Note.Set || last.Note.To != nil || last.Tags != nil {
		t.Errorf("got %+v", in.Things)
	}
}

// A body of arrays in arrays could have half a million faults, each of which is looked for among the others.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	object := `{"name":"x","tags":[` + strings.TrimSuffix(strings.Repeat("1,", 500), ",") + `]},`
	_, faults, err := readSample(`{"name":"a","ids":[],"things":[` + strings.TrimSuffix(strings.Repeat(object, 1000), ",") + `]}`)
	if err != nil || len(faults) != 2*MaxFaults {
		t.Errorf("%d faults, %v; want %d", len(faults), err, 2*MaxFaults)
	}
	// None of them hides what is no JSON.
	if _, _, err := readSample(`{"things":[` + strings.Repeat(object, 1000) + `}`); err == nil {
		t.Error("a body that is no JSON is taken for one")
	}
}

func TestUnknownMembersAreBounded(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	body.WriteString(`{"name":"a","ids":[]`)
	for i := range 50_000 {
		fmt.Fprintf(&body, `,"u%d":1`, i)
	}
	_, faults, err := readSample(body.String() + "}")
	if err != nil || len(faults) != MaxFaults {
		t.Errorf("%d faults, %v; want %d", len(faults), err, MaxFaults)
	}
}

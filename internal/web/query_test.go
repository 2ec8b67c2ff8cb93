package web

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
)

func TestReadQuery(t *testing.T) {
	t.Parallel()
	known := []string{"page", "q"}
	for _, c := range []struct {
		method, raw string
		values      map[string]string
		fault       string // its field, or "-" for none
	}{
		{"GET", "", nil, "-"},
		{"GET", "page=2&q=a+b%2Bc", map[string]string{"page": "2", "q": "a b+c"}, "-"},
		{"GET", "page=2&&other=1&other=2&Page=9", map[string]string{"page": "2"}, "-"},
		{"GET", "page", map[string]string{"page": ""}, "-"},
		{"GET", "q=a;b", map[string]string{"q": "a;b"}, "-"},
		{"GET", "q=a=b", map[string]string{"q": "a=b"}, "-"},
		{"HEAD", "other=1", map[string]string{}, "-"},
		{"GET", "page=1&page=1", map[string]string{"page": "1"}, "page"},
		{"GET", "page=1&p%61ge=1", map[string]string{"page": "1"}, "page"},
		{"GET", "page=%zz", map[string]string{}, "page"},
		{"GET", "other=%zz", map[string]string{}, "other"},
		{"GET", "%zz=1", map[string]string{}, "%zz"},
		{"GET", "q=%00", map[string]string{"q": "\x00"}, "q"},
		{"GET", "q=%ff", map[string]string{"q": "\xff"}, "q"},
		{"POST", "page=1", map[string]string{"page": "1"}, "-"},
		{"POST", "page=1&other=1", map[string]string{"page": "1"}, "other"},
		{"DELETE", "page=1&page=1", map[string]string{"page": "1"}, "page"},
		{"DELETE", "x", map[string]string{}, "x"},
		{"PATCH", "%ff=1", map[string]string{}, "\uFFFD"},
	} {
		values, faults := readQuery(c.raw, c.method, known)
		field := "-"
		if len(faults) > 0 {
			field = faults[0].Field
		}
		if !maps.Equal(values, c.values) || field != c.fault || len(faults) > 1 {
			t.Errorf("%s ?%s: %q, %v; want %q, %q", c.method, c.raw, values, faults, c.values, c.fault)
		}
	}
}

func TestQueryFaultsAreBounded(t *testing.T) {
	t.Parallel()
	var raw strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&raw, "&u%d=1", i)
	}
	if _, faults := readQuery(raw.String(), http.MethodPost, nil); len(faults) != MaxFaults {
		t.Errorf("%d faults, want %d", len(faults), MaxFaults)
	}
}

func TestNumberParam(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"1": 1, "100": 100, "42": 42} {
		x := &Exchange{Query: map[string]string{"n": s}}
		if got := x.numberParam("n", 7, 100); got != want || x.Found != nil {
			t.Errorf("%q: %d, %v; want %d", s, got, x.Found, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "+1", "101", " 1", "1 ", "1.0", "1e1", "0x1", "١", "99999999999999999999", "1_0"} {
		x := &Exchange{Query: map[string]string{"n": s}}
		if x.numberParam("n", 7, 100); !x.Found.Has("n") {
			t.Errorf("%q is taken for a number", s)
		}
	}
	x := &Exchange{}
	if got := x.numberParam("n", 7, 100); got != 7 || x.Found != nil {
		t.Errorf("absent: %d, %v", got, x.Found)
	}
}

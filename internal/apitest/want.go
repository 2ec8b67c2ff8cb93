package apitest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
)

// Unmarshal decodes JSON, or ends the test.
func Unmarshal(t testing.TB, raw []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

// WantKeys fails the test unless data is an object of exactly these keys.
func (a *Answer) WantKeys(t testing.TB, keys ...string) {
	t.Helper()
	var data map[string]any
	a.Into(t, &data)
	wantKeys(t, data, keys)
}

// WantMeta fails the test unless meta is an object of exactly these keys.
func (a *Answer) WantMeta(t testing.TB, keys ...string) {
	t.Helper()
	var meta map[string]any
	Unmarshal(t, a.Meta, &meta)
	wantKeys(t, meta, keys)
}

func wantKeys(t testing.TB, got map[string]any, want []string) {
	t.Helper()
	slices.Sort(want)
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
		t.Errorf("the keys are %q, want %q", have, want)
	}
}

// SameHeader reports whether two answers have the same header fields.
func SameHeader(a, b http.Header) bool {
	return maps.EqualFunc(a, b, func(a, b []string) bool { return slices.Equal(a, b) })
}

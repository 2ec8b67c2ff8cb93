package web

import (
	"net/http"
	"testing"
)

func TestMediaType(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"application/json", "Application/JSON", "application/json; charset=utf-8", `application/json;charset="UTF-8"`, "application/json;"} {
		if err := checkMediaType(http.Header{"Content-Type": {good}}, JSONType); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/json; charset=utf-8; charset=latin-1",
		"application/json, application/json", "application/json; profile=x", "application/problem+json", "application/*", "json",
	} {
		if checkMediaType(http.Header{"Content-Type": {bad}}, JSONType) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if checkMediaType(http.Header{"Content-Type": {"application/json", "application/json"}}, JSONType) == nil {
		t.Error("two headers are taken")
	}
	for coding, taken := range map[string]bool{"identity": true, " Identity ": true, "gzip": false, "": false, "identity, gzip": false} {
		err := checkMediaType(http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {coding}}, JSONType)
		if (err == nil) != taken {
			t.Errorf("coding %q: %v", coding, err)
		}
	}
}

package app

import (
	"bytes"
	stdjson "encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/svc-users/svc-users/internal/api"
	"github.com/svc-users/svc-users/internal/gateway"
	"github.com/svc-users/svc-users/internal/web"
)

// TestDocumentIsDeterministic makes several documents at the same time. Under the race detector that also shows
// whether they share a schema: huma writes to schemas while it makes others.
func TestDocumentIsDeterministic(t *testing.T) {
	t.Parallel()
	first := Document()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if !bytes.Equal(first, Document()) {
				t.Error("two documents differ")
			}
		})
	}
	wait.Wait()
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]struct{ OperationID, Summary string }
	}
	if err := stdjson.Unmarshal(Document(), &document); err != nil {
		t.Fatal(err)
	}
	described := 0
	for _, operations := range document.Paths {
		described += len(operations)
	}
	routes := edgeRoutes(api.Options{}, gateway.Options{})
	if described != len(routes) {
		t.Errorf("%d operations for %d routes", described, len(routes))
	}
	for _, r := range routes {
		if r.Serve == nil || r.Name == "" || r.Summary == "" || r.Description == "" || !slices.ContainsFunc(tags, func(t web.Tag) bool { return t.Name == r.Tag }) || r.Auth == 0 {
			t.Errorf("%s %s is not complete", r.Method, r.Path)
		}
		if r.Plain == nil && r.Message == "" {
			t.Errorf("%s %s has no message", r.Method, r.Path)
		}
	}
}

// Of a failure that a row names, the document must have the answer.
func TestFailuresAreDescribed(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]struct{ Responses map[string]any }
	}
	if err := stdjson.Unmarshal(Document(), &document); err != nil {
		t.Fatal(err)
	}
	for _, r := range edgeRoutes(api.Options{}, gateway.Options{}) {
		described := document.Paths[r.Path][strings.ToLower(r.Method)].Responses
		for _, status := range r.Fails {
			if described[strconv.Itoa(status)] == nil {
				t.Errorf("%s: nothing describes %d", r.Name, status)
			}
		}
	}
}

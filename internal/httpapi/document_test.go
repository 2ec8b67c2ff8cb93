package httpapi

import (
	"bytes"
	stdjson "encoding/json"
	"reflect"
	"slices"
	"sync"
	"testing"
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
	routes := edgeRoutes(GatewayOptions{})
	if described != len(routes) {
		t.Errorf("%d operations for %d routes", described, len(routes))
	}
	for _, r := range routes {
		if r.Serve == nil || r.Name == "" || r.Summary == "" || r.Description == "" || !slices.ContainsFunc(tags, func(t Tag) bool { return t.Name == r.Tag }) || r.Auth == 0 {
			t.Errorf("%s %s is not complete", r.Method, r.Path)
		}
		if r.Plain == nil && r.Message == "" {
			t.Errorf("%s %s has no message", r.Method, r.Path)
		}
	}
}

// The examples of bodies must be bodies that are taken, as far as their syntax goes.
func TestExampleBodiesAreRead(t *testing.T) {
	t.Parallel()
	for _, r := range edgeRoutes(GatewayOptions{}) {
		if r.body == nil {
			continue
		}
		raw, err := stdjson.Marshal(r.Request)
		if err != nil {
			t.Fatal(err)
		}
		read, err := r.body.read(raw, reflect.New(r.body.goType).Interface())
		if err != nil || len(read.faults) > 0 {
			t.Errorf("%s: the example %s: %v, %v", r.Name, raw, read.faults, err)
		}
	}
}

// Of a failure that an operation can have, the document must have the answer.
func TestFailuresAreShared(t *testing.T) {
	t.Parallel()
	for _, r := range edgeRoutes(GatewayOptions{}) {
		for _, status := range r.failures() {
			if !slices.ContainsFunc(failures, func(f failure) bool { return f.status == status }) {
				t.Errorf("%s: nothing describes %d", r.Name, status)
			}
		}
	}
}

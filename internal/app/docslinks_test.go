package app_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// The page's own text leads to an operation by its tag and id, which are written elsewhere.
func TestDocsLeadToOperations(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	var document struct {
		Paths map[string]map[string]struct {
			Tags        []string `json:"tags"`
			OperationID string   `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(app.Document(), &document); err != nil {
		t.Fatal(err)
	}
	operations := map[string]string{}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			for _, tag := range operation.Tags {
				operations["#/"+tag+"/"+operation.OperationID] = strings.ToUpper(method) + " " + path
			}
		}
	}
	page := svc.Send(t, apitest.Request{Method: "GET", Path: "/docs"}).Body
	links := regexp.MustCompile(`<a href="(#/[^"]+)">([^<]+)</a>`).FindAllStringSubmatch(string(page), -1)
	if len(links) == 0 {
		t.Fatal("the page links to no operation")
	}
	for _, link := range links {
		if operations[link[1]] != link[2] {
			t.Errorf("%s leads to %q, and says %q", link[1], operations[link[1]], link[2])
		}
	}
}

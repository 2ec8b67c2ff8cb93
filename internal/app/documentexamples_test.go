package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// The examples of bodies must be bodies that are taken, as far as their syntax goes.
func TestExampleBodiesAreRead(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	sent := 0
	for o := range apitest.Operations(t) {
		if o.Body.Type == nil || o.MediaType == apitest.FormType {
			continue
		}
		sent++
		answer := svc.Send(t, apitest.Request{Method: o.Method, Path: o.At(apitest.NoID), Token: svc.AdminToken, Body: o.Example()})
		if answer.Status == http.StatusBadRequest || answer.Status == http.StatusUnsupportedMediaType {
			t.Errorf("%s: the example %s: %d %s", o.ID, o.Example(), answer.Status, answer.Body)
		}
		for _, problem := range []string{"is required", "is not a field", "must not be null", "must be a string", "must be an array", "must be an object", "must be true"} {
			if strings.Contains(string(answer.Body), problem) {
				t.Errorf("%s: the example %s: %s", o.ID, o.Example(), answer.Body)
			}
		}
	}
	if sent < 10 {
		t.Errorf("only %d examples", sent)
	}
}

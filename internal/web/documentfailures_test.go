package web

import (
	"net/http"
	"slices"
	"testing"
)

// Of a failure that the checks of an operation can end in, the document must have the answer.
func TestFailuresAreShared(t *testing.T) {
	t.Parallel()
	r := Route{Auth: AuthBearer, Permission: "roles:read", Path: "/{id}", Fails: []int{http.StatusConflict, http.StatusTooManyRequests}, body: &bodySpec{}}
	for _, status := range r.failures() {
		if !slices.ContainsFunc(failures, func(f failure) bool { return f.status == status }) {
			t.Errorf("nothing describes %d", status)
		}
	}
}

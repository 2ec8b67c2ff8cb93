package gateway_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// publishedKeys are the ids in the JWK set, sorted.
func publishedKeys(t *testing.T, svc *apitest.Service) []string {
	t.Helper()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	apitest.Unmarshal(t, svc.Get(t, "/.well-known/jwks.json").Want(t, 200, "").Body, &set)
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	return ids
}

// A follower is told of each change of the keys, whichever replica makes it and whichever it asks, and the list is the JWK set.
func TestChangesOfKeys(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		other := svc.Replica(t, nil)
		f := newFollower(svc)
		heard := func(what string) []string {
			t.Helper()
			var keys []string
			for {
				status, s := f.next(t, 0)
				if status == http.StatusNotModified {
					t.Fatalf("%s: no statement", what)
				}
				if keys = s.Keys; !s.More {
					break
				}
			}
			if published := publishedKeys(t, f.svc); !slices.Equal(keys, published) {
				t.Errorf("%s: %q are told, published are %q", what, keys, published)
			}
			return keys
		}
		first := heard("at first")
		if len(first) != 1 {
			t.Fatalf("%q are told", first)
		}
		other.Send(t, apitest.Request{Method: "POST", Path: "/api/v1/keys/import", Token: svc.AdminToken}).Want(t, 200, "")
		both := heard("imported, with a next one")
		if len(both) != 2 {
			t.Fatalf("%q are told", both)
		}
		f.svc = other
		next := both[0]
		if next == first[0] {
			next = both[1]
		}
		svc.Delete(t, "/api/v1/keys/"+next).Want(t, 200, "")
		if last := heard("the next one revoked"); !slices.Equal(last, first) {
			t.Errorf("%q are told after %s was revoked", last, next)
		}
	})
}

package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
)

type shownSecret struct {
	ID           string
	LastFour     string     `json:"last_four"`
	ClientID     string     `json:"client_id"`
	ClientSecret string     `json:"client_secret"`
	CreatedAt    time.Time  `json:"created_at"`
	ExpiresAt    *time.Time `json:"expires_at"`
	LastUsedAt   *time.Time `json:"last_used_at"`
	IsExpired    bool       `json:"is_expired"`
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	clock := &apitest.Clock{}
	svc := apitest.Start(t, apitest.Options{Now: clock.Now})
	a, b := svc.NewClient(t, svc.NewRole(t, "")), svc.NewClient(t, svc.NewRole(t, ""))
	path := func(c apitest.Client) string { return "/api/v1/service-accounts/" + c.ID + "/secrets" }
	list := func() (shown []shownSecret) {
		t.Helper()
		svc.Get(t, path(a)).Want(t, 200, "Client secrets retrieved successfully").Into(t, &shown)
		return shown
	}
	first := list()
	if len(first) != 1 || first[0].ID != a.SecretID || !strings.HasSuffix(a.Secret, first[0].LastFour) || first[0].LastUsedAt != nil || first[0].IsExpired ||
		first[0].ExpiresAt == nil || first[0].ExpiresAt.Sub(first[0].CreatedAt) != 90*24*time.Hour || first[0].ClientSecret != "" {
		t.Fatalf("%+v", first)
	}
	// What is wrong with a time is said, and nothing is made.
	now := clock.Now()
	for _, at := range []any{"", "soon", 7, "2030-01-01", now.Format(time.RFC3339), now.Add(30 * time.Second), now.AddDate(2, 0, 0), nil, "9999-12-31T00:00:00Z"} {
		svc.Post(t, path(a), map[string]any{"expires_at": at}).WantFaults(t, "expires_at")
	}
	svc.Post(t, path(a)+"?dry_run=true", map[string]any{}).Want(t, 422, "")
	svc.Post(t, path(a), map[string]any{"secret": "svcs_mine"}).WantFaults(t, "secret")
	svc.Post(t, "/api/v1/service-accounts/"+svc.AdminID+"/secrets", map[string]any{}).Want(t, 404, "Service account not found")
	var made shownSecret
	answer := svc.Post(t, path(a), map[string]any{"expires_at": now.Add(time.Hour).In(time.FixedZone("", 7200))}).Want(t, 201, "")
	answer.Into(t, &made)
	if made.ClientID != a.ID || len(made.ClientSecret) != 54 || !strings.HasPrefix(made.ClientSecret, "svcs_") || answer.Header.Get("Location") != path(a)+"/"+made.ID ||
		answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", answer.Body, answer.Header)
	}
	svc.Post(t, path(a), map[string]any{}).Want(t, 409, "A service account can have two secrets; delete one of them first.")
	for _, id := range []string{b.SecretID, apitest.NoID, "x", strings.ToUpper(made.ID)} {
		svc.Delete(t, path(a)+"/"+id).Want(t, 404, "Client secret not found")
	}
	// An expired one counts among the two until it is deleted.
	clock.Pass(2 * time.Hour)
	svc.AdminToken = svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	if both := list(); len(both) != 2 || both[0].IsExpired || !both[1].IsExpired {
		t.Errorf("%+v", both)
	}
	svc.Post(t, path(a), map[string]any{}).Want(t, 409, "")
	svc.Delete(t, path(a)+"/"+made.ID).Want(t, 200, "Client secret deleted successfully")
	svc.Delete(t, path(a)+"/"+made.ID).Want(t, 404, "Client secret not found")
	svc.ClientToken(t, a, "")
	for began := time.Now(); list()[0].LastUsedAt == nil; time.Sleep(time.Millisecond) {
		if time.Since(began) > apitest.Patience {
			t.Fatal("the use of a secret is not noted")
		}
	}
}

// Of many that are made at the same time, as many count as there may be.
func TestClientSecretsAtTheSameTime(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	client := svc.NewClient(t, svc.NewRole(t, ""))
	path := "/api/v1/service-accounts/" + client.ID + "/secrets"
	var made, refused sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			switch answer := svc.Post(t, path, map[string]any{}); answer.Status {
			case http.StatusCreated:
				made.Store(i, answer)
			case http.StatusConflict:
				refused.Store(i, answer)
			}
		})
	}
	all.Wait()
	count := func(m *sync.Map) (n int) {
		m.Range(func(any, any) bool { n++; return true })
		return n
	}
	if count(&made) != 1 || count(&refused) != 7 {
		t.Errorf("%d were made and %d refused", count(&made), count(&refused))
	}
}

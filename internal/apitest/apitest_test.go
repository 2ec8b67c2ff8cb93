package apitest_test

import (
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// The service answers alike on both databases; what they disagree on is the business of the store's suite.
func TestStart(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Engine: engine})
			svc.Get(t, "/api/v1/auth/me").Want(t, 200, "Account retrieved successfully")
			person := svc.NewAccount(t, svc.NewRole(t, "", "accounts:read"))
			svc.Get(t, "/api/v1/accounts/"+person.ID).Want(t, 200, "Account retrieved successfully")
			for o := range apitest.Operations(t) {
				if o.Method == "GET" && len(o.Security) == 0 {
					svc.Get(t, o.Path).Want(t, 200, "")
				}
			}
		})
	}
}

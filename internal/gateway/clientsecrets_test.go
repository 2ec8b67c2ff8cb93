package gateway_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// TestForgedSecrets: every change of one character is refused without a query.
func TestForgedSecrets(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store = apitest.Away{Store: ports.Store, Err: &problem}
		apitest.ReplaceService(o, users.New(ports))
	}})
	client := svc.NewClient(t, svc.NewRole(t, ""))
	away := error(users.Unavailable("The database is away.", 3*time.Second, nil))
	problem.Store(&away)
	if answer := svc.RequestToken(t, client, "").Want(t, 503, "The database is away."); answer.Header.Get("Retry-After") != "3" {
		t.Errorf("%v", answer.Header)
	}
	for i := range client.Secret {
		forged := client
		forged.Secret = client.Secret[:i] + flip(client.Secret[i]) + client.Secret[i+1:]
		svc.RequestToken(t, forged, "").Want(t, 401, "Client authentication failed.")
		forged.Secret = client.Secret[:i] + client.Secret[i+1:]
		svc.RequestToken(t, forged, "").Want(t, 401, "")
	}
	problem.Store(nil)
	svc.ClientToken(t, client, "")
}

// TestSecretsEnd: a secret counts until it has expired or is deleted, and each by itself.
func TestSecretsEnd(t *testing.T) {
	t.Parallel()
	clock := &apitest.Clock{}
	svc := apitest.Start(t, apitest.Options{Now: clock.Now})
	client := svc.NewClient(t, svc.NewRole(t, "", "roles:read"))
	second := client
	second.SecretID, second.Secret = svc.NewSecret(t, client.ID)
	path := "/api/v1/service-accounts/" + client.ID + "/secrets"
	svc.Post(t, path, map[string]any{}).Want(t, 409, "A service account can have two secrets; delete one of them first.")
	token := svc.ClientToken(t, client, "")
	svc.ClientToken(t, second, "")
	svc.Delete(t, path+"/"+client.SecretID).Want(t, 200, "Client secret deleted successfully")
	svc.RequestToken(t, client, "").Want(t, 401, "")
	svc.ClientToken(t, second, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: token}).Want(t, 200, "") // it expires by itself
	clock.Pass(90*24*time.Hour + time.Second)
	svc.RequestToken(t, second, "").Want(t, 401, "")
	svc.AdminToken = svc.Login(t, apitest.AdminEmail, apitest.AdminPassword)
	third := client
	third.SecretID, third.Secret = svc.NewSecret(t, client.ID)
	fresh := svc.ClientToken(t, third, "")
	svc.Patch(t, "/api/v1/service-accounts/"+client.ID, map[string]any{"is_active": false}).Want(t, 200, "")
	svc.RequestToken(t, third, "").Want(t, 401, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: fresh}).Want(t, 401, "")
	svc.Patch(t, "/api/v1/service-accounts/"+client.ID, map[string]any{"is_active": true}).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: fresh}).Want(t, 401, "")
	fresh = svc.ClientToken(t, third, "")
	clock.Pass(601*time.Second + 30*time.Second)
	svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/roles", Token: fresh}).Want(t, 401, "")
	svc.Delete(t, "/api/v1/service-accounts/"+client.ID).Want(t, 200, "")
	svc.RequestToken(t, third, "").Want(t, 401, "")
}

// TestSecretDeletedWhileUsed: no request that begins after the answer to the deletion gets a token, at any replica, and none
// of those before it sees anything but a token or the refusal.
func TestSecretDeletedWhileUsed(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	other := svc.Replica(t, nil)
	client := svc.NewClient(t, svc.NewRole(t, ""))
	var gone atomic.Bool
	var granted, wrong, late atomic.Int32
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 6 {
		replica := svc
		if i%2 == 1 {
			replica = other
		}
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				deleted := gone.Load()
				switch status := replica.RequestToken(t, client, "").Status; {
				case status == 200 && deleted:
					late.Add(1)
				case status == 200:
					granted.Add(1)
				case status != 401:
					wrong.Add(1)
				}
			}
		})
	}
	for granted.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	svc.Delete(t, "/api/v1/service-accounts/"+client.ID+"/secrets/"+client.SecretID).Want(t, 200, "")
	gone.Store(true)
	for range 10 {
		svc.RequestToken(t, client, "").Want(t, 401, "")
		other.RequestToken(t, client, "").Want(t, 401, "")
	}
	close(stop)
	all.Wait()
	if late.Load() > 0 || wrong.Load() > 0 {
		t.Errorf("%d tokens were issued after the deletion, and %d answers are neither", late.Load(), wrong.Load())
	}
}

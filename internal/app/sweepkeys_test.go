package app_test

import (
	"net/http"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// takesKeys says of each operation that takes a credential whether an API key is one. A new operation gets a line here, and
// what gives anything to an account, or is about passwords, e-mails, sessions or keys, a false one.
var takesKeys = map[string]bool{
	"getMe": true, "changePassword": false, "changeEmail": false,
	"checkPermissions": true, "evaluateAccess": true, "evaluateAccesses": true, "forwardAuth": true, "introspectToken": true, "getChanges": true,
	"listOwnSessions": false, "endOtherSessions": false, "endOwnSession": false, "listSessions": false, "endSessions": false, "endSession": false,
	"listOwnAPIKeys": false, "createAPIKey": false, "getOwnAPIKey": false, "rotateAPIKey": false, "endOwnAPIKey": false,
	"listAPIKeys": false, "endAPIKeys": false, "endAPIKey": false,
	"listAccounts": true, "createAccount": false, "getAccount": true, "updateAccount": false, "deleteAccount": true, "impersonateAccount": false,
	"listServiceAccounts": true, "createServiceAccount": false, "getServiceAccount": true, "updateServiceAccount": false, "deleteServiceAccount": true,
	"listClientSecrets": false, "createClientSecret": false, "deleteClientSecret": false,
	"listClientKeys": false, "createClientKey": false, "deleteClientKey": false,
	"listClientTrusts": false, "createClientTrust": false, "deleteClientTrust": false,
	"getAccountPermissions": true, "explainPermission": true,
	"listRoles": true, "createRole": false, "getRole": true, "updateRole": false, "deleteRole": true, "getRoleTree": true,
	"assignPermissions": false, "removePermission": true,
	"listPermissions": true, "createPermission": false, "getPermission": true, "updatePermission": false, "deletePermission": true,
	"planDeclaration": true, "applyDeclaration": false,
	"listThrottles": true, "clearThrottles": false, "clearThrottle": false,
	"listKeys": false, "rotateKeys": false, "revokeKey": false, "rewrapKeys": false, "importKey": false,
}

const (
	keyRefused       = "An API key is not accepted here; use an access token from a login."
	exchangedRefused = "An exchanged token is not accepted here; use an access token from a login."
)

// TestSweepWithAPIKeys sends each operation the API key of an administrator that lists every permission, and a token that was
// exchanged for it: they are taken where the document says so, and refused everywhere else, whatever else is wrong with the request.
func TestSweepWithAPIKeys(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	var all []string
	for _, p := range users.SystemPermissions() {
		all = append(all, string(p.Name))
	}
	strong := svc.NewAPIKey(t, svc.AdminToken, all...)
	exchanged := svc.ExchangedToken(t, nil, strong.Key)
	seen := map[string]bool{}
	for o := range apitest.Operations(t) {
		if !o.Takes("bearer") {
			continue
		}
		takes, decided := takesKeys[o.ID]
		if seen[o.ID] = true; !decided {
			t.Errorf("whether %s takes API keys is decided nowhere", o.ID)
		}
		if o.APIKey != takes {
			t.Errorf("%s: the document says %v of API keys, want %v", o.ID, o.APIKey, takes)
		}
		send := func(key, path, body string, header http.Header) *apitest.Answer {
			t.Helper()
			return svc.Send(t, apitest.Request{Method: o.Method, Path: path, Token: key, Body: body, Header: header})
		}
		broken := http.Header{"Content-Type": {"text/plain"}}
		if !takes {
			send(strong.Key, o.At("none")+"?cursor=x&cursor=y", "{", broken).Want(t, 403, keyRefused)
			send(strong.Key, o.At(apitest.NoID), o.Example(), nil).Want(t, 403, keyRefused)
			send(exchanged, o.At("none")+"?cursor=x&cursor=y", "{", broken).Want(t, 403, exchangedRefused)
		} else if answer := send(strong.Key, o.At(apitest.NoID), o.Example(), http.Header{"Content-Type": {o.MediaType}}); answer.Status == 401 || answer.Status == 403 {
			t.Errorf("%s: %d %s", o.ID, answer.Status, answer.Body)
		} else if other := send(exchanged, o.At(apitest.NoID), o.Example(), http.Header{"Content-Type": {o.MediaType}}); other.Status != answer.Status {
			t.Errorf("%s: %d with a key, %d with a token for it: %s", o.ID, answer.Status, other.Status, other.Body)
		}
		// One character less, and another one.
		for _, key := range []string{strong.Key[:53], "svck_" + strong.Key[6:] + strong.Key[5:6]} {
			send(key, o.At(apitest.NoID), o.Example(), nil).Want(t, 401, "The API key is not valid.")
		}
		if o.Permission == "" || !takes {
			continue
		}
		var others []string
		for _, p := range all {
			if p != o.Permission {
				others = append(others, p)
			}
		}
		weak := svc.NewAPIKey(t, svc.AdminToken, others...)
		send(weak.Key, o.At("none")+"?cursor=x&cursor=y", "{", broken).Want(t, 403, "Missing required permission: "+o.Permission)
	}
	for id := range takesKeys {
		if !seen[id] {
			t.Errorf("there is no operation %s", id)
		}
	}
}

package authz

import (
	"net/http"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// eventWorld is what the steps are about. Each thing is changed by the steps of one operation at most, unless it stays
// what it was.
type eventWorld struct {
	*apitest.Service
	t            *testing.T
	raw          rawDatabase
	ada, bob     apitest.Account // have the role holder
	holder, heir string          // roles; the heir inherits from the holder, which has used and spare
	idle         string          // a role that nothing has to do with
	used, spare  string          // permissions
	unused       string          // a permission that no role has

	keyring func(*app.Keyring) // of replicas that are made from now on
}

func newEventWorld(t *testing.T, engine string, l *ledger) *eventWorld {
	sessions := users.DefaultSessions()
	sessions.ReuseWindow = 0 // a refresh that is repeated is a recovery, or reuse
	w := &eventWorld{t: t, keyring: func(*app.Keyring) {}}
	w.Service = apitest.Start(t, apitest.Options{
		Engine: engine, Unlimited: true, Recorders: []users.Recorder{l}, Sessions: sessions, Keyring: func(k *app.Keyring) { w.keyring(k) },
	})
	w.raw = openRaw(t, w.Database)
	w.used, w.spare, w.unused = w.NewPermission(t, "thing:use"), w.NewPermission(t, "thing:spare"), w.NewPermission(t, "thing:unused")
	w.holder = w.NewRole(t, "", "thing:use", "thing:spare")
	w.heir, w.idle = w.NewRole(t, w.holder), w.NewRole(t, "", "thing:use")
	w.ada, w.bob = w.NewAccount(t, w.holder), w.NewAccount(t, w.holder)
	return w
}

// eventStep is a request, and the kinds of the events that it is to record, in their order.
type eventStep struct {
	what   string
	call   apitest.Request
	status int
	kinds  string           // with a space between; empty where nothing is to change
	actor  string           // id of the account; empty for the administrator
	at     *apitest.Service // nil for the service of the world
}

// on is a step of the administrator.
func on(method, path string, body any, status int, kinds string) eventStep {
	return eventStep{what: method + " " + path, call: apitest.Request{Method: method, Path: "/api/v1" + path, Body: body}, status: status, kinds: kinds}
}

// by is the step as an account makes it.
func (s eventStep) by(a apitest.Account) eventStep {
	s.call.Token, s.actor = a.Token, a.ID
	return s
}

// of is the step as an account makes it in a session.
func (s eventStep) of(a apitest.Account, session apitest.Session) eventStep {
	s.call.Token, s.actor = session.Token, a.ID
	return s
}

const (
	get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
)

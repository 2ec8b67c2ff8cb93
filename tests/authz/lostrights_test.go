package authz

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"reflect"
	"slices"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/assertion"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/manifest"
	"github.com/svc-users/svc-users/internal/throttle"
	"github.com/svc-users/svc-users/internal/token"
)

// A caller may lose a right after its request was let in and before the transaction of its change begins. These tests
// take the right away exactly there: the change must be refused by the state inside the transaction, and write nothing.

// losingStore is a Store on which the caller loses something just before the first transaction begins.
type losingStore struct {
	users.Store
	lose func()
}

func (s *losingStore) InTx(ctx context.Context, fn func(tx users.Tx) error) error {
	if lose := s.lose; lose != nil {
		s.lose = nil
		lose()
	}
	return s.Store.InTx(ctx, fn)
}

// operation is one call of a method, on the world of these tests.
type operation struct {
	needs []string // permissions that it takes; nil where it takes the own password instead
	gives bool     // it hands out docs:x
	call  func(h *house, s *users.Service, c users.Caller) error
}

// changingMethods are all methods of the Service and of the duties that change something for a caller, by name; that of a
// duty begins with its package.
func changingMethods(t *testing.T) map[string]operation {
	ctx := t.Context()
	text := func(s string) *string { return &s }
	return map[string]operation{
		"CreateAccount": {[]string{"accounts:create"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.CreateAccount(ctx, c, users.NewAccount{Email: "new@world.example", Password: "a-fresh-secret", RoleID: h.id("r:x")})
			return err
		}},
		"UpdateAccount": {[]string{"accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.UpdateAccount(ctx, c, h.id("a:none"), users.AccountPatch{RoleID: text(h.id("r:x")), Password: text("a-fresh-secret")})
			return err
		}},
		"Impersonate": {[]string{"accounts:impersonate"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.Impersonate(ctx, c, h.id("a:x"), users.Impersonation{Reason: text("A ticket")})
			return err
		}},
		"DeleteAccount": {[]string{"accounts:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return s.DeleteAccount(ctx, c, h.id("a:x"))
		}},
		"CreateServiceAccount": {[]string{"service-accounts:create"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.CreateServiceAccount(ctx, c, users.NewServiceAccount{Name: "fresh", RoleID: h.id("r:x")})
			return err
		}},
		"UpdateServiceAccount": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.UpdateServiceAccount(ctx, c, h.id("v:none"), users.ServiceAccountPatch{RoleID: text(h.id("r:x"))})
			return err
		}},
		"CreateClientSecret": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.CreateClientSecret(ctx, c, h.id("v:x"), users.NewClientSecret{})
			return err
		}},
		"DeleteClientSecret": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			id, _ := users.ParseID(h.id("v:x"))
			secret := users.ClientSecret{ID: users.NewID(), Account: id, LastFour: "abcd", CreatedAt: time.Now().Truncate(time.Microsecond)}
			err := h.Store.InTx(ctx, func(tx users.Tx) error { return tx.InsertClientSecret(ctx, secret, users.ClientSecretValue{}) })
			must(t, err)
			return s.DeleteClientSecret(ctx, c, h.id("v:x"), secret.ID.String())
		}},
		"DeleteServiceAccount": {[]string{"service-accounts:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return s.DeleteServiceAccount(ctx, c, h.id("v:x"))
		}},
		"CreateRole": {[]string{"roles:create"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.CreateRole(ctx, c, users.NewRole{Name: "Fresh", ParentID: text(h.id("r:x"))})
			return err
		}},
		"UpdateRole": {[]string{"roles:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.UpdateRole(ctx, c, h.id("r:free"), users.RolePatch{ParentID: users.Optional[*string]{Set: true, To: text(h.id("r:x"))}})
			return err
		}},
		"DeleteRole": {[]string{"roles:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return s.DeleteRole(ctx, c, h.id("r:freeX"))
		}},
		"AssignPermissions": {[]string{"roles:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.AssignPermissions(ctx, c, h.id("r:free"), users.PermissionAssignment{PermissionIDs: []string{h.id("p:docs:x")}})
			return err
		}},
		"RemovePermission": {[]string{"roles:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.RemovePermission(ctx, c, h.id("r:freeX"), h.id("p:docs:x"))
			return err
		}},
		"CreatePermission": {[]string{"permissions:create"}, false, func(_ *house, s *users.Service, c users.Caller) error {
			_, err := s.CreatePermission(ctx, c, users.NewPermission{Name: "docs:fresh"})
			return err
		}},
		"UpdatePermission": {[]string{"permissions:update"}, false, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.UpdatePermission(ctx, c, h.id("p:docs:z"), users.PermissionPatch{Name: text("docs:fresh")})
			return err
		}},
		"DeletePermission": {[]string{"permissions:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return s.DeletePermission(ctx, c, h.id("p:docs:x"))
		}},
		"manifest.Apply": {[]string{"roles:read", "permissions:read", "roles:create"}, true, func(_ *house, s *users.Service, c users.Caller) error {
			_, err := manifest.New(s).Apply(ctx, c, manifest.Declaration{Service: "docs", Roles: []manifest.DeclaredRole{{Name: "Fresh", Permissions: []string{"docs:x"}}}})
			return err
		}},
		"DeclareAudience": {[]string{"permissions:create"}, false, func(_ *house, s *users.Service, c users.Caller) error {
			return s.DeclareAudience(ctx, c, users.Audience{Name: "docs", Prefix: "docs:", Owner: "docs"})
		}},
		"DeleteAudience": {[]string{"permissions:delete"}, false, func(h *house, s *users.Service, c users.Caller) error {
			must(t, h.Store.InTx(ctx, func(tx users.Tx) error {
				if _, err := tx.Audience(ctx, "mall"); err == nil {
					return nil
				}
				return tx.InsertAudience(ctx, users.Audience{Name: "mall", Prefix: "mall:", Owner: "mall"})
			}))
			return s.DeleteAudience(ctx, c, "mall")
		}},
		"Change": {[]string{"roles:update"}, false, func(h *house, s *users.Service, c users.Caller) error {
			return s.Change(ctx, c, users.RolesUpdate, func(tx *users.Change) error {
				return tx.Unassign(ctx, h.parsed("r:x"), h.parsed("p:docs:x"))
			})
		}},
		"federation.CreateKey": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := h.federation(s).CreateKey(ctx, c, h.id("v:x"), federation.NewKey{URL: text("https://keys.example/jwks")})
			return err
		}},
		"federation.DeleteKey": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			key := federation.Key{ID: users.NewID(), Account: h.parsed("v:x"), URL: "https://keys.example/" + rand.Text(), CreatedAt: time.Now()}
			must(t, h.Store.InTx(ctx, func(tx users.Tx) error { return tx.(federation.Tx).InsertClientKey(ctx, key) }))
			return h.federation(s).DeleteKey(ctx, c, h.id("v:x"), key.ID.String())
		}},
		"federation.CreateTrust": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := h.federation(s).CreateTrust(ctx, c, h.id("v:x"), federation.NewTrust{Issuer: "https://ci.example", Subject: "a:b:c", Audience: text("users")})
			return err
		}},
		"federation.DeleteTrust": {[]string{"service-accounts:update"}, true, func(h *house, s *users.Service, c users.Caller) error {
			trust := federation.Trust{ID: users.NewID(), Account: h.parsed("v:x"), Issuer: "https://ci.example", Subject: "a:b:c", CreatedAt: time.Now()}
			must(t, h.Store.InTx(ctx, func(tx users.Tx) error { return tx.(federation.Tx).InsertTrust(ctx, trust) }))
			return h.federation(s).DeleteTrust(ctx, c, h.id("v:x"), trust.ID.String())
		}},
		"keyring.Rotate": {[]string{"keys:manage"}, false, func(h *house, s *users.Service, c users.Caller) error {
			_, err := h.keyManager(t, s, nil).Rotate(ctx, c, true)
			return err
		}},
		"keyring.Revoke": {[]string{"keys:manage"}, false, func(h *house, s *users.Service, c users.Caller) error {
			found, err := h.Store.SigningKeys(ctx)
			must(t, err)
			_, err = h.keyManager(t, s, nil).Revoke(ctx, c, found.Keys[len(found.Keys)-1].ID, false)
			return err
		}},
		"keyring.Rewrap": {[]string{"keys:manage"}, false, func(h *house, s *users.Service, c users.Caller) error {
			_, err := h.keyManager(t, s, nil).Rewrap(ctx, c)
			return err
		}},
		"keyring.Import": {[]string{"keys:manage"}, false, func(h *house, s *users.Service, c users.Caller) error {
			_, err := h.keyManager(t, s, h.Keys.Environment).Import(ctx, c)
			return err
		}},
		"throttle.Clear": {[]string{"throttles:delete"}, false, func(h *house, s *users.Service, c users.Caller) error {
			return h.throttles(s).Clear(ctx, c, h.throttled(t).String())
		}},
		"throttle.ClearAll": {[]string{"throttles:delete"}, false, func(h *house, s *users.Service, c users.Caller) error {
			h.throttled(t)
			_, err := h.throttles(s).ClearAll(ctx, c, throttle.Query{})
			return err
		}},
		"importer.Run": {[]string{"accounts:create"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return h.importOne(s, func(im *importer.Importer, one iter.Seq2[importer.Record, error], o importer.Options) error {
				_, err := im.Run(ctx, c, one, o, func(importer.Result) error { return nil })
				return err
			})
		}},
		"importer.TakeOver": {[]string{"accounts:create", "roles:create"}, true, func(h *house, s *users.Service, c users.Caller) error {
			old := importer.Old{
				Permissions: []importer.OldPermission{{ID: h.id("p:docs:x"), Name: "docs:x"}},
				Roles:       []importer.OldRole{{ID: users.NewID().String(), Name: "Fresh", Permissions: []string{h.id("p:docs:x")}}},
			}
			return h.importOne(s, func(im *importer.Importer, one iter.Seq2[importer.Record, error], o importer.Options) error {
				_, err := im.TakeOver(ctx, c, old, one, o, func(importer.Result) error { return nil })
				return err
			})
		}},
		"importer.Rewrap": {[]string{"keys:manage"}, false, func(h *house, s *users.Service, c users.Caller) error {
			ports := h.Importer.Ports
			ports.Service = s
			_, err := importer.New(ports).Rewrap(ctx, c)
			return err
		}},
		"EndAccountSession": {[]string{"sessions:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return s.EndAccountSession(ctx, c, h.id("a:x"), h.id("s:x"))
		}},
		"EndAccountSessions": {[]string{"sessions:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.EndAccountSessions(ctx, c, h.id("a:x"))
			return err
		}},
		"EndOwnSession": {[]string{}, false, func(h *house, s *users.Service, c users.Caller) error {
			return s.EndOwnSession(ctx, c, h.id("s:mgr"))
		}},
		"EndOtherSessions": {[]string{}, false, func(_ *house, s *users.Service, c users.Caller) error {
			_, err := s.EndOtherSessions(ctx, c)
			return err
		}},
		"CreateAPIKey": {[]string{}, true, func(_ *house, s *users.Service, c users.Caller) error {
			_, err := s.CreateAPIKey(ctx, c, users.NewAPIKey{Name: "Fresh", Permissions: []string{"docs:x"}})
			return err
		}},
		"RotateAPIKey": {[]string{}, false, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.RotateAPIKey(ctx, c, h.id("k:mgr"), users.APIKeyRotation{})
			return err
		}},
		"EndOwnAPIKey": {[]string{}, false, func(h *house, s *users.Service, c users.Caller) error {
			return s.EndOwnAPIKey(ctx, c, h.id("k:mgr"))
		}},
		"EndAccountAPIKey": {[]string{"api-keys:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			return s.EndAccountAPIKey(ctx, c, h.id("a:x"), h.id("k:x"))
		}},
		"EndAccountAPIKeys": {[]string{"api-keys:delete"}, true, func(h *house, s *users.Service, c users.Caller) error {
			_, err := s.EndAccountAPIKeys(ctx, c, h.id("a:x"))
			return err
		}},
		"ChangePassword": {nil, false, func(_ *house, s *users.Service, c users.Caller) error {
			_, err := s.ChangePassword(ctx, c, users.PasswordChange{Current: password, New: "a-fresh-secret"})
			return err
		}},
		"ChangeEmail": {nil, false, func(_ *house, s *users.Service, c users.Caller) error {
			_, err := s.ChangeEmail(ctx, c, users.EmailChange{Current: password, Email: "new@world.example"})
			return err
		}},
	}
}

// methodsForCallers returns the methods of the Service and of the duties that take a caller, as changingMethods names
// them.
func methodsForCallers() (names []string) {
	caller := reflect.TypeFor[users.Caller]()
	for of, room := range map[reflect.Type]string{
		reflect.TypeFor[*users.Service](): "", reflect.TypeFor[*feed.Feed](): "feed.", reflect.TypeFor[*manifest.Manifest](): "manifest.",
		reflect.TypeFor[*keyring.Manager](): "keyring.", reflect.TypeFor[*federation.Federation](): "federation.",
		reflect.TypeFor[*throttle.Manager]():  "throttle.",
		reflect.TypeFor[*importer.Importer](): "importer.",
	} {
		for i := range of.NumMethod() {
			m := of.Method(i)
			if slices.Contains(slices.Collect(m.Type.Ins()), caller) {
				names = append(names, room+m.Name)
			}
		}
	}
	return names
}

// onlyReading are the methods that take a caller and change nothing.
var onlyReading = []string{
	"Account", "Accounts", "ServiceAccount", "ServiceAccounts",
	"Role", "Roles", "RoleTree", "Permission", "Permissions", "EffectivePermissions", "Explain",
	"Authorize", "AuthorizeRead", "Fresh", "OwnSessions", "AccountSessions",
	"ClientSecrets", "IssueServiceToken", "ExchangeToken", "OwnAPIKeys", "OwnAPIKey", "AccountAPIKeys",
	"Check", "Evaluate", "Forward", "Introspect",
	"feed.Read", "manifest.Plan", "keyring.List",
	"federation.Keys", "federation.Trusts", "throttle.List",
}

// throttles makes the duty of throttles on a Service.
func (h *house) throttles(s *users.Service) *throttle.Manager {
	return throttle.NewManager(throttle.NewGuard(throttle.Ports{Store: h.Store, Now: h.now, Rates: throttle.DefaultRates()}), s)
}

// throttled counts an attempt, and returns the id of its budget.
func (h *house) throttled(t testing.TB) users.ID {
	draw := throttle.Draw{ID: users.NewID(), Kind: throttle.KindAccount, Rate: throttle.DefaultRates().Account}
	_, err := h.Store.TakeAttempts(t.Context(), h.now(), []throttle.Draw{draw})
	must(t, err)
	return draw.ID
}

// federation makes the duty of assertions on a Service.
func (h *house) federation(s *users.Service) *federation.Federation {
	return federation.New(federation.Ports{Service: s, Store: h.Store, Assertions: assertion.Reader{}})
}

// importOne has an account imported, by the rules of s, with the role that holds docs:x.
func (h *house) importOne(s *users.Service, do func(*importer.Importer, iter.Seq2[importer.Record, error], importer.Options) error) error {
	graph, err := h.Store.Graph(context.Background())
	if err != nil {
		return err
	}
	role, _ := graph.Role(h.parsed("r:x"))
	ports := h.Importer.Ports
	ports.Service = s
	return do(importer.New(ports), func(yield func(importer.Record, error) bool) {
		hash := "$2b$04$AOrEzs5H3MGFuMma9A52kugnucaxVlx9qlCHsCdfuFmPrJHk6CLZq"
		yield(importer.Record{Line: 1, Email: "new@world.example", Password: &importer.Hash{Text: hash}}, nil)
	}, importer.Options{DefaultRole: role.Name, AllowedRoles: []users.RoleName{role.Name}})
}

// onlyOperators are the methods that take a caller and refuse every one but the operator, before there is a transaction.
var onlyOperators = []string{"FindAccount", "CreateAPIKeyFor", "RotateAPIKeyFor"}

// A method for callers that is in neither list is one whose transaction is not tested.
func TestEveryMethodForCallersIsKnown(t *testing.T) {
	t.Parallel()
	operations, methods := changingMethods(t), methodsForCallers()
	for _, name := range methods {
		if slices.Contains(onlyOperators, name) {
			continue
		}
		if _, changes := operations[name]; changes == slices.Contains(onlyReading, name) {
			t.Errorf("whether %s changes something is said nowhere, or twice", name)
		}
	}
	for name := range operations {
		if !slices.Contains(methods, name) {
			t.Errorf("there is no method %s", name)
		}
	}
}

func TestRightsLostBeforeTheTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		w := build(things, []rank{
			{name: "mgr", own: append(systemNames(), "docs:x")}, {name: "reader", own: systemNames()},
			{name: "x", own: []string{"docs:x"}}, {name: "none"},
			{name: "free", alone: true}, {name: "freeX", own: []string{"docs:x"}, alone: true},
		})
		w.employ("x", "r:x", "", true)
		w.employ("none", "r:none", "", true)
		w.begin("x", "s:x")
		w.begin("mgr", "s:mgr")
		for _, name := range []string{"x", "mgr"} {
			w.Accounts["a:"+name] = w.Accounts["a:"+name].withKey("k:" + name)
		}
		e := openRaw(t, h.Database)
		fresh := func() {
			e.wipe(t)
			h.install(t, w)
		}
		operations := changingMethods(t)
		operator := h.Users.Ports
		operator.Operator = true
		_, err := h.keyManager(t, users.New(operator), h.Keys.Environment).Import(t.Context(), users.AsOperator()) // so that there are keys
		must(t, err)
		for _, name := range keys(operations) {
			o := operations[name]
			for _, loss := range losses(o) {
				t.Run(name+"/"+loss.name, func(t *testing.T) {
					fresh()
					h.runAfterLoss(t, e, loss, func(s *users.Service, c users.Caller) error { return o.call(h, s, c) })
				})
				if !slices.ContainsFunc(rehearsable, func(op string) bool { return op[1:] == name[1:] }) {
					continue
				}
				t.Run(name+"/dry run/"+loss.name, func(t *testing.T) {
					fresh()
					h.runAfterLoss(t, e, loss, func(s *users.Service, c users.Caller) error {
						_, err := s.DryRun(t.Context(), func(dry *users.Service) error { return o.call(h, dry, c) })
						return err
					})
				})
			}
		}
	})
}

// keyManager is what manages the keys by the rules of s. It puts none to use in the service of the house.
func (h *house) keyManager(t testing.TB, s *users.Service, environment *keyring.Pair) *keyring.Manager {
	t.Helper()
	ports := h.Keys.Ports
	ports.Environment = environment
	options := token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}}
	none, err := token.NewKeySet(nil, nil, options)
	must(t, err)
	ports.Tokens = token.Keys{Holder: token.NewHolder(none), Algorithm: token.ES256, Options: options}
	return keyring.NewManager(keyring.NewRing(ports), s)
}

// runAfterLoss makes a change as mgr, which suffers the loss before the transaction begins.
func (h *house) runAfterLoss(t *testing.T, e rawDatabase, loss loss, do func(*users.Service, users.Caller) error) {
	t.Helper()
	ctx := t.Context()
	c, err := h.Users.Authenticate(ctx, h.known["a:mgr"])
	must(t, err)
	var afterLoss string
	store := &losingStore{Store: h.Store, lose: func() {
		must(t, h.Store.InTx(ctx, func(tx users.Tx) error { return loss.lose(h, tx, ctx) }))
		afterLoss = e.look(t, h).raw
	}}
	ports := h.Users.Ports
	ports.Store = store
	if err := do(users.New(ports), c); !errors.Is(err, loss.want) {
		t.Fatalf("the error is %v, want %v", err, loss.want)
	}
	if store.lose != nil {
		t.Fatal("there was no transaction")
	}
	if loss.want != nil && e.look(t, h).raw != afterLoss {
		t.Error("something has changed")
	}
}

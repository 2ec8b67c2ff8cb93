package authz

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

// engines are the databases everything is run on.
var engines = []string{"sqlite", "postgres"}

// everywhere runs a test on each engine, on a service and a database of its own.
func everywhere(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, newHouse(t, engine))
		})
	}
}

// house is a service whose whole state is a world of the model. It translates between names of the model and
// ids, puts worlds into the database, past the API, and reads the state back, through it.
type house struct {
	*apitest.Service
	base   state             // what was installed
	ids    map[string]string // name of the model → id
	names  map[string]string // id → name of the model
	reader string            // token that snapshots are read with
	before snapshot          // of base
	tokens map[string]string // of the cells that have been run
	known  map[string]string // tokens of accounts, of the version that counts, by name
	raw    rawDatabase
	// refresh has the refresh tokens of sessions, by name.
	refresh map[string]string
	// visitors are the API keys that cells are sent with.
	visitors map[string]visitor
	cells    int          // that were to change nothing
	salt     string       // makes ids those of one world
	clock    atomic.Int64 // see now
}

const (
	admin     = "r:Admin"
	root      = "a:root"
	rootEmail = apitest.AdminEmail
	// reader is the account that snapshots are read with. Every world has it, and no call is about it.
	reader = "a:reader"
)

func newHouse(t *testing.T, engine string) *house {
	t.Helper()
	// The time stands still, and a limit of so much a day would soon be reached: it is tested by itself.
	h := &house{refresh: map[string]string{}, visitors: map[string]visitor{}}
	h.clock.Store(time.Now().Unix())
	h.Service = apitest.Start(t, apitest.Options{Engine: engine, Now: h.now, Unlimited: true})
	h.raw = openRaw(t, h.Database)
	return h
}

// now is the time at which all is decided. It stands still, so that the model can say to which version tokens are
// raised.
func (h *house) now() time.Time { return time.Unix(h.clock.Load(), 0).UTC() }

// tick lets time pass, as it does from one world to the next.
func (h *house) tick(seconds int64) { h.clock.Add(seconds) }

// id is the id of a name of the model; what is no such name stands for itself.
func (h *house) id(name string) string {
	if id, ok := h.ids[name]; ok {
		return id
	}
	return name
}

// parsed is id for things that exist; the empty name is the zero id.
func (h *house) parsed(name string) users.ID {
	id, _ := users.ParseID(h.id(name))
	return id
}

func (h *house) know(name, id string) {
	h.ids[name], h.names[id] = id, name
}

func (h *house) forget(name string) {
	delete(h.names, h.ids[name])
	delete(h.ids, name)
}

// unknownID is an id that is well-formed and of no thing.
const unknownID = "01980000-0000-7000-8000-000000000000"

// madeUpID is the id of a name of the model, always the same one.
func madeUpID(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}

// live is an account of the world as it was installed, with a token that counts.
func (h *house) live(account string) caller {
	return caller{account, h.base.Accounts[account].Version}
}

// send sends a call. Names of the model in it become ids.
func (h *house) send(t testing.TB, token string, c call) *apitest.Answer {
	t.Helper()
	return h.Send(t, h.request(token, c))
}

func (h *house) request(token string, c call) apitest.Request {
	r := routes[c.op]
	path := strings.NewReplacer("{id}", h.id(c.target), "{permission_id}", h.id(c.second), "{session_id}", h.id(c.second),
		"{key_id}", h.id(c.second), "{secret_id}", h.id(c.second), "{trust_id}", h.id(c.second)).Replace(r.path)
	if c.query != "" {
		path += "?" + c.query
	}
	request := apitest.Request{Method: r.method, Path: path, Token: token}
	if name, ok := c.text("token"); ok && r.form {
		request.Body = url.Values{"token": {cmp.Or(h.known[name], h.refreshToken(name))}}
	} else if strings.HasPrefix(c.op, "evaluate") {
		request.Body = h.evaluation(c)
	} else if c.body != nil {
		request.Body = h.translate(c.body)
	}
	return request
}

// refreshToken is that of a session of the model; what is no such name stands for itself.
func (h *house) refreshToken(name string) string {
	if token, ok := h.refresh[name]; ok {
		return token
	}
	return name
}

func (h *house) translate(b body) map[string]any {
	out := maps.Clone(map[string]any(b))
	for _, field := range []string{"role_id", "parent_id", "account_id", "owner_id"} {
		if name, ok := out[field].(string); ok {
			out[field] = h.id(name)
		}
	}
	if name, ok := out["refreshToken"].(string); ok {
		out["refreshToken"] = h.refreshToken(name)
	}
	if list, ok := out["permission_ids"].([]string); ok {
		ids := make([]string, len(list))
		for i, name := range list {
			ids[i] = h.id(name)
		}
		out["permission_ids"] = ids
	}
	return out
}

// hashes are made once for each password of a world: comparing them is what costs.
var hashes sync.Map

func (h *house) hash(t testing.TB, password string) users.PasswordHash {
	t.Helper()
	if made, ok := hashes.Load(password); ok {
		return made.(users.PasswordHash)
	}
	made, err := h.Users.Passwords.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(password))
	must(t, err)
	hashes.Store(password, made)
	return made
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inOrder lists roles so that each comes after its parent.
func inOrder(s state) []string {
	list := slices.Collect(maps.Keys(s.Roles))
	slices.SortFunc(list, func(a, b string) int {
		if d := len(s.chain(a)) - len(s.chain(b)); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return list
}

// at is a time in the past, another one for each n, in the precision of databases.
func at(n int) time.Time {
	return time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func email(t testing.TB, s string) users.Email {
	t.Helper()
	e, err := users.ParseEmail(s)
	must(t, err)
	return e
}

func describe(c call) string {
	text := c.op
	if c.query != "" {
		text += "?" + c.query
	}
	if c.second != "" {
		text += " " + c.second
	}
	for _, field := range slices.Sorted(maps.Keys(c.body)) {
		text += fmt.Sprintf(" %s=%v", field, c.body[field])
	}
	return text
}

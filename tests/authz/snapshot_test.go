package authz

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	users "github.com/svc-users/svc-users"
)

// wire is a thing as the lists of the API show it; each kind fills its own fields.
type wire struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	RoleID      string    `json:"role_id"`
	IsActive    bool      `json:"is_active"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	OwnerID     *string   `json:"owner_id"`
	ParentID    *string   `json:"parent_id"`
	IsSystem    bool      `json:"is_system"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Permissions []wire    `json:"permissions"`
	Effective   []struct {
		Name          string  `json:"name"`
		InheritedFrom *string `json:"inherited_from"`
	} `json:"effective_permissions"`
}

// snapshot is all that there is, as an administrator reads it, and the token versions, which nobody can read.
type snapshot struct {
	raw      map[string][]byte // the answers, by the name of the list
	versions map[string]int64  // of the tokens that count, by account
	sessions map[string]string // their names, by account
	apiKeys  map[string]string // the same
	state    state
	times    map[string][2]time.Time // created_at and updated_at, by id
}

// everything is all the lists there are.
var everything = []string{"accounts", "service-accounts", "roles", "permissions"}

// look takes a snapshot.
func (h *house) look(t testing.TB) snapshot {
	t.Helper()
	s := snapshot{raw: map[string][]byte{}, times: map[string][2]time.Time{}, versions: h.versions(t), sessions: h.sessions(t), apiKeys: h.apiKeys(t)}
	lists := map[string][]wire{}
	for _, list := range everything {
		s.raw[list] = h.read(t, list)
		var decoded struct {
			Data []wire
			Meta struct {
				Total int `json:"total_items"`
			}
		}
		must(t, json.Unmarshal(s.raw[list], &decoded))
		if decoded.Meta.Total != len(decoded.Data) {
			t.Fatalf("%d of %d %s fit into a snapshot", len(decoded.Data), decoded.Meta.Total, list)
		}
		for _, w := range decoded.Data {
			s.times[w.ID] = [2]time.Time{w.CreatedAt, w.UpdatedAt}
		}
		lists[list] = decoded.Data
	}
	s.state = h.stateOf(lists)
	for name, a := range s.state.Accounts {
		a.Version, a.Sessions, a.Keys = s.versions[name], s.sessions[name], s.apiKeys[name]
		s.state.Accounts[name] = a
	}
	return s
}

// versions reads from the store what no answer shows.
func (h *house) versions(t testing.TB) map[string]int64 {
	t.Helper()
	accounts, err := h.Store.Accounts(t.Context(), users.AccountFilter{}, users.List{Limit: 10_000})
	must(t, err)
	versions := map[string]int64{}
	for _, a := range accounts {
		versions[h.name(a.ID.String())] = a.TokenVersion
	}
	services, err := h.Store.ServiceAccounts(t.Context(), users.ServiceAccountFilter{}, users.List{Limit: 10_000})
	must(t, err)
	for _, a := range services {
		versions[h.name(a.ID.String())] = a.TokenVersion
	}
	return versions
}

// unchanged reports whether these lists are, byte by byte, what they were before.
func (h *house) unchanged(t testing.TB, lists ...string) bool {
	t.Helper()
	for _, list := range lists {
		if !bytes.Equal(h.read(t, list), h.before.raw[list]) {
			return false
		}
	}
	return !slices.Contains(lists, "accounts") || maps.Equal(h.versions(t), h.before.versions) && maps.Equal(h.sessions(t), h.before.sessions) &&
		maps.Equal(h.apiKeys(t), h.before.apiKeys)
}

// read gets a list with the reader's token. It does not go through Send, whose checks of these long lists would
// take most of the time.
func (h *house) read(t testing.TB, list string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+"/api/v1/"+list+"?page_size=100", nil)
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+h.reader)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("reading %s: %d %s", list, response.StatusCode, answer)
	}
	return answer
}

// stateOf makes the model's state of the lists. Passwords and versions are not in them.
func (h *house) stateOf(lists map[string][]wire) state {
	s := state{map[string]account{}, map[string]role{}, map[string]permission{}, 0}
	for _, w := range lists["permissions"] {
		s.Permissions[h.name(w.ID)] = permission{Name: w.Name, Description: value(w.Description)}
	}
	for _, w := range lists["roles"] {
		r := role{Name: w.Name, Description: value(w.Description), System: w.IsSystem, Own: set{}}
		if w.ParentID != nil {
			r.Parent = h.name(*w.ParentID)
		}
		for _, p := range w.Permissions {
			r.Own[h.name(p.ID)] = true
		}
		s.Roles[h.name(w.ID)] = r
	}
	for _, w := range lists["accounts"] {
		s.Accounts[h.name(w.ID)] = account{Email: w.Email, Role: h.name(w.RoleID), Active: w.IsActive}
	}
	for _, w := range lists["service-accounts"] {
		a := account{Name: w.Name, About: value(w.Description), Role: h.name(w.RoleID), Active: w.IsActive}
		if w.OwnerID != nil {
			a.Owner = h.name(*w.OwnerID)
		}
		s.Accounts[h.name(w.ID)] = a
	}
	return s
}

// name is the name of an id in the model; an id that is not in the model stands for itself.
func (h *house) name(id string) string {
	if name, ok := h.names[id]; ok {
		return name
	}
	return id
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// differs compares the snapshot with what the model says there should be; it is empty where they agree. Passwords
// and owners are in no answer.
func (s snapshot) differs(want state) string {
	shown := want.clone()
	for id, a := range shown.Accounts {
		a.Password = ""
		shown.Accounts[id] = a
	}
	for id, r := range shown.Roles {
		r.Own, r.Owner = shown.assigned(id), ""
		shown.Roles[id] = r
	}
	for id, p := range shown.Permissions {
		p.Owner = ""
		shown.Permissions[id] = p
	}
	if shown.equal(s.state) {
		return ""
	}
	return cmp.Diff(shown, s.state)
}

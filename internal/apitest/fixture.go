package apitest

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	users "github.com/svc-users/svc-users"
)

// Login returns a token for an account, by its e-mail and password.
func (s *Service) Login(t testing.TB, email, password string) string {
	t.Helper()
	return s.Send(t, Request{
		Method: http.MethodPost, Path: "/api/v1/auth/login", Body: map[string]any{"email": email, "password": password},
	}).Want(t, http.StatusOK, "Token issued.").Text(t, "token")
}

// Session is what a client keeps of a session.
type Session struct {
	ID           string
	Token        string // the access token
	RefreshToken string
}

// LoginSession begins a session of an account, by its e-mail and password.
func (s *Service) LoginSession(t testing.TB, email, password string) Session {
	t.Helper()
	return s.Send(t, Request{
		Method: http.MethodPost, Path: LoginPath, Body: map[string]any{"email": email, "password": password, "session": true},
	}).Want(t, http.StatusOK, "Token issued.").session(t)
}

// Refresh continues a session.
func (s *Service) Refresh(t testing.TB, refreshToken string) Session {
	t.Helper()
	return s.SendRefresh(t, refreshToken).Want(t, http.StatusOK, "Token refreshed.").session(t)
}

// SendRefresh sends a refresh token.
func (s *Service) SendRefresh(t testing.TB, refreshToken string) *Answer {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodPost, Path: RefreshPath, Body: map[string]any{"refreshToken": refreshToken}})
}

func (a *Answer) session(t testing.TB) Session {
	t.Helper()
	return Session{ID: a.Text(t, "sessionId"), Token: a.Text(t, "token"), RefreshToken: a.Text(t, "refreshToken")}
}

// Account is an account made for a test.
type Account struct {
	ID       string
	Email    string
	Password string
	Token    string
}

// NewAccount makes an account with a role and logs it in.
func (s *Service) NewAccount(t testing.TB, role string) Account {
	t.Helper()
	n := counter.Add(1)
	a := Account{Email: fmt.Sprintf("person%d@example.com", n), Password: fmt.Sprintf("secret-of-%d-person", n)}
	a.ID = s.Post(t, "/api/v1/accounts", map[string]any{"email": a.Email, "password": a.Password, "role_id": role}).
		Want(t, http.StatusCreated, "Account created successfully").Text(t, "id")
	a.Token = s.Login(t, a.Email, a.Password)
	return a
}

// APIKeysPath is where an account makes its API keys.
const APIKeysPath = "/api/v1/auth/api-keys"

// APIKey is what a client keeps of an API key.
type APIKey struct {
	ID  string
	Key string
}

// NewAPIKey makes an API key with permissions, with the token of its account.
func (s *Service) NewAPIKey(t testing.TB, token string, permissions ...string) APIKey {
	t.Helper()
	body := map[string]any{"name": fmt.Sprintf("Key %d", counter.Add(1)), "permissions": permissions}
	return s.Send(t, Request{Method: http.MethodPost, Path: APIKeysPath, Token: token, Body: body}).
		Want(t, http.StatusCreated, "API key created successfully").apiKey(t)
}

// RotateAPIKey puts another key in the place of one, with an overlap such as "24h".
func (s *Service) RotateAPIKey(t testing.TB, token string, key APIKey, overlap string) APIKey {
	t.Helper()
	return s.Send(t, Request{Method: http.MethodPost, Path: APIKeysPath + "/" + key.ID + "/rotate", Token: token, Body: map[string]any{"overlap": overlap}}).
		Want(t, http.StatusCreated, "API key rotated successfully").apiKey(t)
}

func (a *Answer) apiKey(t testing.TB) APIKey {
	t.Helper()
	return APIKey{ID: a.Text(t, "id"), Key: a.Text(t, "key")}
}

// NewRole makes a role with a name of its own, which inherits from parent (empty for none) and is assigned the
// permissions of these names.
func (s *Service) NewRole(t testing.TB, parent string, permissions ...string) string {
	t.Helper()
	body := map[string]any{"name": fmt.Sprintf("Role %d", counter.Add(1)), "permission_ids": s.PermissionIDs(t, permissions...)}
	if parent != "" {
		body["parent_id"] = parent
	}
	return s.Post(t, "/api/v1/roles", body).Want(t, http.StatusCreated, "Role created successfully").Text(t, "id")
}

// NewPermission makes a permission.
func (s *Service) NewPermission(t testing.TB, name string) string {
	t.Helper()
	return s.Post(t, "/api/v1/permissions", map[string]any{"name": name}).
		Want(t, http.StatusCreated, "Permission created successfully").Text(t, "id")
}

// PermissionIDs returns the ids of permissions by their names, all of which must exist.
func (s *Service) PermissionIDs(t testing.TB, names ...string) []string {
	t.Helper()
	graph, err := s.Store.Graph(t.Context())
	must(t, err)
	ids := make([]string, len(names))
	for i, name := range names {
		p, ok := graph.PermissionByName(users.PermissionName(name))
		if !ok {
			t.Fatalf("there is no permission %q", name)
		}
		ids[i] = p.ID.String()
	}
	return ids
}

// counter keeps the names of what tests make apart.
var counter atomic.Int64

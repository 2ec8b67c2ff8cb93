package api_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// shownSession is an element of a list of sessions.
type shownSession struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	EndsAt     time.Time `json:"ends_at"`
	Address    *string   `json:"address"`
	UserAgent  *string   `json:"user_agent"`
	Current    bool      `json:"current"`
}

const ownSessions = "/api/v1/auth/sessions"

// listSessions returns the sessions at a path, as a token may read them.
func listSessions(t *testing.T, svc *apitest.Service, path, token string) []shownSession {
	t.Helper()
	var list []shownSession
	svc.Send(t, apitest.Request{Method: "GET", Path: path, Token: token}).Want(t, 200, "Sessions retrieved successfully").Into(t, &list)
	return list
}

// wantAlive fails the test unless an access token counts, or does not.
func wantAlive(t *testing.T, svc *apitest.Service, what, token string, alive bool) {
	t.Helper()
	if answer := svc.Send(t, apitest.Request{Method: "GET", Path: "/api/v1/auth/me", Token: token}); (answer.Status == 200) != alive {
		t.Errorf("%s: %d %s", what, answer.Status, answer.Body)
	}
}

const notValid = "The refresh token is not valid."

// A login that asks for no session answers as it did before there were any, to the byte, but for the device token.
func TestLoginWithoutSession(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	form := regexp.MustCompile(`^\{"status":"success","code":200,"message":"Token issued\.","data":\{"tokenType":"Bearer","token":"[\w.-]+",` +
		`"expiresAt":"[\d:T-]+Z","device_token":"svcd_[0-9A-Za-z]{60}"\},"errors":null,"meta":null\}$`)
	for _, body := range []map[string]any{
		{"email": apitest.AdminEmail, "password": apitest.AdminPassword},
		{"email": apitest.AdminEmail, "password": apitest.AdminPassword, "session": false},
	} {
		answer := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: body}).Want(t, 200, "Token issued.")
		if !form.Match(answer.Body) || answer.Header["Set-Cookie"] != nil {
			t.Errorf("%v %s", answer.Header, answer.Body)
		}
		claims, err := svc.Tokens.Verify(answer.Text(t, "token"), time.Now())
		if err != nil || !claims.Session.IsZero() || claims.Expires.Sub(claims.IssuedAt) != time.Hour {
			t.Errorf("%+v %v", claims, err)
		}
	}
	if list := listSessions(t, svc, ownSessions, svc.AdminToken); len(list) != 0 {
		t.Errorf("there are sessions: %+v", list)
	}
}

func TestLoginWithSession(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	answer := svc.Send(t, apitest.Request{
		Method: "POST", Path: apitest.LoginPath, Header: http.Header{"User-Agent": {"Test/1 " + strings.Repeat("x", 300)}},
		Body: map[string]any{"email": apitest.AdminEmail, "password": apitest.AdminPassword, "session": true, "transport": "body"},
	}).Want(t, 200, "Token issued.")
	answer.WantKeys(t, "tokenType", "token", "expiresAt", "refreshToken", "refreshExpiresAt", "sessionId", "device_token")
	if answer.Header["Set-Cookie"] != nil || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", answer.Header)
	}
	token := answer.Text(t, "token")
	claims, err := svc.Tokens.Verify(token, time.Now())
	if err != nil || claims.Session.String() != answer.Text(t, "sessionId") || claims.Expires.Sub(claims.IssuedAt) > 10*time.Minute {
		t.Errorf("%+v %v", claims, err)
	}
	list := listSessions(t, svc, ownSessions, token)
	if len(list) != 1 || list[0].ID != answer.Text(t, "sessionId") || !list[0].Current || *list[0].Address != "127.0.0.1" ||
		len(*list[0].UserAgent) != 256 || !strings.HasPrefix(*list[0].UserAgent, "Test/1 xxx") || list[0].EndsAt.Sub(list[0].CreatedAt) != 90*24*time.Hour {
		t.Fatalf("%+v", list)
	}
	if want := list[0].ExpiresAt.Format(time.RFC3339Nano); answer.Text(t, "refreshExpiresAt") != want {
		t.Errorf("refreshExpiresAt is %s, and expires_at %s", answer.Data, want)
	}
	if list = listSessions(t, svc, ownSessions, svc.AdminToken); len(list) != 1 || list[0].Current {
		t.Errorf("%+v", list)
	}
}

func TestSessionFaults(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	const login = `"email":"root@example.com","password":"`
	for _, c := range []struct {
		path, body string
		fields     []string
	}{
		{apitest.LoginPath, `{` + login + `wrong-but-long","transport":"cookie"}`, []string{"transport"}},
		{apitest.LoginPath, `{` + login + `wrong-but-long","transport":"body","session":false}`, []string{"transport"}},
		{apitest.LoginPath, `{` + login + `wrong-but-long","transport":"Cookie","session":true}`, []string{"transport"}},
		{apitest.LoginPath, `{` + login + `","transport":null,"session":null}`, []string{"password", "transport", "session"}},
		{apitest.LoginPath, `{` + login + `","session":"true"}`, []string{"password", "session"}},
		{apitest.LoginPath, `{"transport":"","session":true}`, []string{"email", "password", "transport"}},
		{apitest.RefreshPath, `{"refreshToken":"x","transport":"cookie"}`, []string{"transport"}},
		{apitest.RefreshPath, `{"transport":"body"}`, []string{"refreshToken"}},
		{apitest.RefreshPath, `{"refreshToken":null,"transport":"x","x":1}`, []string{"refreshToken", "transport", "x"}},
		{apitest.LogoutPath, `{"refreshToken":7,"session":true}`, []string{"refreshToken", "session"}},
	} {
		svc.Send(t, apitest.Request{Method: "POST", Path: c.path, Body: c.body}).WantFaults(t, c.fields...)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	first := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	second := svc.Refresh(t, first.RefreshToken)
	if second.ID != first.ID || second.RefreshToken == first.RefreshToken || second.Token == first.Token {
		t.Errorf("%+v after %+v", second, first)
	}
	if again := svc.Refresh(t, first.RefreshToken); again.RefreshToken != second.RefreshToken {
		t.Error("a repetition gives another refresh token")
	}
	wantAlive(t, svc, "the access token before the refresh", first.Token, true)
	third := svc.Refresh(t, second.RefreshToken)
	wantAlive(t, svc, "the access token after the refresh", third.Token, true)
	// Two clients have the session now, and one of them is behind.
	refused := svc.SendRefresh(t, first.RefreshToken).Want(t, 401, notValid)
	if refused.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%v", refused.Header)
	}
	svc.SendRefresh(t, third.RefreshToken).Want(t, 401, notValid)
	for _, s := range []apitest.Session{first, second, third} {
		wantAlive(t, svc, "an access token of a session that was reused", s.Token, false)
	}
	if list := listSessions(t, svc, ownSessions, svc.AdminToken); len(list) != 0 {
		t.Errorf("there are sessions: %+v", list)
	}
	if !strings.Contains(svc.Log.String(), "a refresh token was used again") {
		t.Error("the log does not say why")
	}
}

// dropRefresh sends a refresh, waits until it has happened, and closes the connection without reading the answer.
func dropRefresh(t *testing.T, svc *apitest.Service, s apitest.Session) {
	t.Helper()
	before := listSessions(t, svc, ownSessions, s.Token)[0].LastUsedAt
	conn, err := net.Dial("tcp", strings.TrimPrefix(svc.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body, _ := json.Marshal(map[string]string{"refreshToken": s.RefreshToken})
	request, err := http.NewRequest("POST", svc.URL+apitest.RefreshPath, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	to := bufio.NewWriter(conn)
	if err := request.Write(to); err != nil {
		t.Fatal(err)
	}
	if err := to.Flush(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(apitest.Patience); !listSessions(t, svc, ownSessions, s.Token)[0].LastUsedAt.After(before); {
		if time.Now().After(end) {
			t.Fatal("the refresh does not happen")
		}
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
}

// The answer to a refresh is lost on its way: the client still has the old token, and goes on with it.
func TestLostRefresh(t *testing.T) {
	t.Parallel()
	afterWindow := users.DefaultSessions()
	afterWindow.ReuseWindow = 0
	for name, c := range map[string]struct {
		options users.SessionOptions
		again   int // status of one more repetition
	}{
		"in the window":    {users.DefaultSessions(), 200},
		"after the window": {afterWindow, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Sessions: c.options})
			first := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
			dropRefresh(t, svc, first)
			second := svc.Refresh(t, first.RefreshToken)
			if second.ID != first.ID {
				t.Errorf("%+v after %+v", second, first)
			}
			if c.again == 200 {
				if third := svc.Refresh(t, first.RefreshToken); third.RefreshToken != second.RefreshToken {
					t.Error("a repetition gives another refresh token")
				}
			}
			wantAlive(t, svc, "the access token", svc.Refresh(t, second.RefreshToken).Token, true)
		})
		t.Run(name+", again and again", func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Sessions: c.options})
			first := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
			dropRefresh(t, svc, first)
			second := svc.Refresh(t, first.RefreshToken)
			svc.SendRefresh(t, first.RefreshToken).Want(t, c.again, "")
			wantAlive(t, svc, "the access token", second.Token, c.again == 200)
		})
	}
}

// A token that differs in one character, or is cut short, is refused, and changes nothing.
func TestMistypedRefreshTokens(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store = apitest.Away{Store: ports.Store, Err: &problem}
		o.Service = users.New(ports)
	}})
	s := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	away := error(users.Unavailable("The database is away.", time.Second, nil))
	problem.Store(&away) // whatever asked it would be 503
	good := s.RefreshToken
	for i := range good {
		for _, c := range []string{"0", "z", "-", "\x00", "é", ""} {
			if c == good[i:i+1] {
				continue
			}
			svc.SendRefresh(t, good[:i]+c+good[i+1:]).Want(t, 401, notValid)
		}
		svc.SendRefresh(t, good[:i]).Want(t, 401, notValid)
	}
	for _, bad := range []string{good + "0", good + " ", " " + good, strings.ToUpper(good), strings.ToLower(good), s.Token} {
		svc.SendRefresh(t, bad).Want(t, 401, notValid)
	}
	svc.SendRefresh(t, good).Want(t, 503, "")
	problem.Store(nil)
	svc.Refresh(t, good)
}

// While the database is away nothing is called done.
func TestSessionsWithoutDatabase(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) {
		ports := o.Service.Ports
		ports.Store = apitest.Away{Store: ports.Store, Err: &problem}
		o.Service = users.New(ports)
	}})
	s := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	away := error(users.Unavailable("The database is away.", time.Second, nil))
	cookie := http.Header{"Cookie": {"__Host-svc_refresh=" + s.RefreshToken}}
	requests := []apitest.Request{
		{Method: "POST", Path: apitest.RefreshPath, Body: map[string]any{"refreshToken": s.RefreshToken}},
		{Method: "POST", Path: apitest.RefreshPath, Body: "{}", Header: cookie},
		{Method: "POST", Path: apitest.LogoutPath, Body: map[string]any{"refreshToken": s.RefreshToken}},
		{Method: "POST", Path: apitest.LogoutPath, Body: "{}", Token: s.Token},
		{Method: "POST", Path: apitest.LogoutPath, Body: "{}", Header: cookie},
		{Method: "DELETE", Path: ownSessions, Token: s.Token},
		{Method: "DELETE", Path: ownSessions + "/" + s.ID, Token: s.Token},
	}
	problem.Store(&away)
	for _, r := range requests {
		answer := svc.Send(t, r).Want(t, 503, "The database is away.")
		if answer.Header.Get("Retry-After") != "1" || answer.Header["Set-Cookie"] != nil {
			t.Errorf("%s %s: %v", r.Method, r.Path, answer.Header)
		}
	}
	problem.Store(nil)
	wantAlive(t, svc, "the access token", s.Token, true)
	svc.Refresh(t, s.RefreshToken)
}

package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/web"
)

// halfway sends the head of a request that announces a body, and returns where the body may follow.
func halfway(t *testing.T, svc *apitest.Service, method, path, token string, length int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(svc.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(apitest.Patience)); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", method, path, token, length)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func statusOf(t *testing.T, conn net.Conn) int {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// Who may do something when the head of a request arrives, and no more when its body does, may not.
func TestRightsEndWhileTheBodyIsOnItsWay(t *testing.T) {
	t.Parallel()
	apitest.OnBoth(t, func(t *testing.T, svc *apitest.Service) {
		const body = `{"permissions":["roles:read"]}`
		role := svc.NewRole(t, "", "roles:read", "permissions:read")
		ada, bob := svc.NewAccount(t, role), svc.NewAccount(t, role)
		check := halfway(t, svc, "POST", "/api/v1/auth/check", ada.Token, len(body))
		plan := halfway(t, svc, "POST", "/api/v1/declarations/plan", bob.Token, len(`{"service":"x"}`))
		time.Sleep(100 * time.Millisecond)
		svc.Patch(t, "/api/v1/accounts/"+ada.ID, `{"is_active":false}`).Want(t, 200, "")
		svc.Delete(t, "/api/v1/roles/"+role+"/permissions/"+svc.PermissionIDs(t, "roles:read")[0]).Want(t, 200, "")
		for conn, rest := range map[net.Conn]string{check: body, plan: `{"service":"x"}`} {
			if _, err := conn.Write([]byte(rest)); err != nil {
				t.Fatal(err)
			}
		}
		if got := statusOf(t, check); got != http.StatusUnauthorized {
			t.Errorf("a check of a disabled account: %d", got)
		}
		if got := statusOf(t, plan); got != http.StatusForbidden {
			t.Errorf("a plan without roles:read: %d", got)
		}
	})
}

// An answer that needs no body does not wait for one: a server that waited would not answer before it gives up, with 408.
func TestNobodyWaitsForABodyThatIsNotRead(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for _, c := range []struct {
		method, path, token string
		status              int
	}{
		{"POST", "/api/v1/auth/forward/x", svc.AdminToken, 200},
		{"GET", "/api/v1/auth/me", svc.AdminToken, 200},
		{"POST", "/api/v1/auth/check", "none", 401},
		{"DELETE", "/api/v1/nothing", "", 404},
	} {
		conn := halfway(t, svc, c.method, c.path, c.token, 100)
		if got := statusOf(t, conn); got != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.status)
		}
	}
}

// Large bodies that do not come to their end use up the budget of all, and then others are refused; small ones get
// through, logins among them, and what is over makes room.
func TestSlowBodiesLeaveRoomForSmallOnes(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	// Room for the slow ones alone. The budget of a real process takes long to use up where the machine is busy, and
	// slow bodies end by themselves after a while; tests/system has a process with it.
	web.SetBodyBudget(svc.Handler, 256<<10)
	person := svc.NewAccount(t, svc.NewRole(t, ""))
	check := func(names int) *apitest.Answer {
		return svc.Send(t, apitest.Request{
			Method: "POST", Path: "/api/v1/auth/check", Token: person.Token,
			Body: `{"permissions":["` + strings.TrimSuffix(strings.Repeat(strings.Repeat("p", 100)+`","`, names), `,"`) + `]}`,
		})
	}
	var slow []net.Conn
	for path, length := range map[string]int{"/api/v1/declarations/plan": 200 << 10, "/api/v1/auth/check": 60 << 10} {
		conn := halfway(t, svc, "POST", path, svc.AdminToken, length)
		if _, err := conn.Write(bytes.Repeat([]byte(" "), length-1)); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	// Until they have arrived, another body would take their room, and they would be refused in its place.
	for deadline := time.Now().Add(apitest.Patience); web.BodyBudget(svc.Handler) > 16<<10 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	until := func(status int) *apitest.Answer {
		t.Helper()
		for deadline := time.Now().Add(apitest.Patience); ; time.Sleep(time.Millisecond) {
			if answer := check(1000); answer.Status == status || time.Now().After(deadline) {
				return answer.Want(t, status, "")
			}
		}
	}
	refused := until(http.StatusServiceUnavailable)
	if refused.Header.Get("Retry-After") == "" || refused.Message != "Too many large bodies at once; try again shortly." {
		t.Errorf("%v %s", refused.Header, refused.Body)
	}
	check(10).Want(t, 200, "")
	svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": person.Email, "password": person.Password}}).Want(t, 200, "")
	for _, conn := range slow {
		_ = conn.Close()
	}
	until(http.StatusOK)
}

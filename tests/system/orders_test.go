package system

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ordersBinary is examples/orders, built once for the tests that need it, into the folder of the binary.
var ordersBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(binary), "orders")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir, build.Env = "../../examples/orders", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building examples/orders: %w\n%s", err, out)
	}
	return path, nil
})

// orders is a service behind a server, which follows its changes.
type orders struct {
	*process
	host   string
	client *http.Client
}

func startOrders(t *testing.T, host string, follower person, whenLost string) *orders {
	t.Helper()
	path, err := ordersBinary()
	if err != nil {
		t.Fatal(err)
	}
	settings := []string{
		"SVC_USERS_URL=http://" + host, "ORDERS_LISTEN=127.0.0.1:0", "ORDERS_WHEN_LOST=" + whenLost,
		"ORDERS_EMAIL=" + follower.email, "ORDERS_PASSWORD=" + follower.password,
	}
	o := &orders{process: launchProgram(t, path, settings, &output{}, nil), client: newClient()}
	t.Cleanup(o.client.CloseIdleConnections)
	select {
	case line := <-o.stdout.seen:
		o.host = strings.TrimPrefix(line, "orders http://")
	case <-o.exited:
		t.Fatalf("orders ended:\n%s", o.stderr.tail())
	case <-time.After(patience):
		t.Fatal("orders does not listen")
	}
	return o
}

// answers is the status of a request for the orders, or with an item of a new one.
func (o *orders) answers(token, item string) int {
	o.t.Helper()
	method, body := http.MethodGet, ""
	if item != "" {
		method, body = http.MethodPost, `{"item":"`+item+`"}`
	}
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+o.host+"/orders", strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := o.client.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// converges waits for a status that must come, and returns the time since the response to the change. The limit is one
// of the machine's clock.
func (o *orders) converges(why, token string, status int, within time.Duration) {
	o.t.Helper()
	began := machineTime()
	for {
		asked := machineSince(began)
		got := o.answers(token, "")
		if got == status {
			o.t.Logf("%s: %d after %v", why, status, machineSince(began).Round(time.Millisecond))
			return
		}
		if asked > within {
			o.t.Fatalf("%s: still %d after %v, want %d", why, got, asked.Round(time.Millisecond), status)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// convergeWithin is twice the second that is promised, by the machine's clock.
const convergeWithin = 2 * time.Second

// A service behind the server enforces changes of rights for tokens from before, without a query on each request.
func TestAServiceBehindObeysAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) {
		c := newCluster(t, database)
		clerks := newClerks(c)
		o := startOrders(t, c.a.host, clerks.follower, "refuse")
		o.converges("the first statement", clerks.token, http.StatusOK, patience)
		if got := o.answers(clerks.token, "tea"); got != http.StatusCreated {
			t.Errorf("a new order: %d", got)
		}
		if got := o.answers("", ""); got != http.StatusUnauthorized {
			t.Errorf("without a token: %d", got)
		}
		if got := o.answers(c.admin.token, ""); got != http.StatusOK {
			t.Errorf("Admin, who holds every permission: %d", got)
		}

		// Changes are made at the one replica and at the other; what is followed is the first.
		c.ask(http.StatusOK, http.MethodDelete, "/api/v1/roles/"+clerks.role+"/permissions/"+clerks.read, nil)
		o.converges("the role loses the permission", clerks.token, http.StatusForbidden, convergeWithin)
		if got := o.answers(clerks.token, "tea"); got != http.StatusCreated {
			t.Errorf("what the role still has: %d", got)
		}
		c.ask(http.StatusOK, http.MethodPost, "/api/v1/roles/"+clerks.role+"/permissions", map[string]any{"permission_ids": []string{clerks.read}})
		o.converges("the role is given it again", clerks.token, http.StatusOK, convergeWithin)
		account := "/api/v1/accounts/" + clerks.id
		c.ask(http.StatusOK, http.MethodPatch, account, map[string]any{"role_id": c.roles["User"]})
		o.converges("another role", clerks.token, http.StatusForbidden, convergeWithin)
		c.ask(http.StatusOK, http.MethodPatch, account, map[string]any{"role_id": clerks.role})
		o.converges("the role of before", clerks.token, http.StatusOK, convergeWithin)
		c.ask(http.StatusOK, http.MethodPatch, account, map[string]any{"is_active": false})
		o.converges("disabled", clerks.token, http.StatusUnauthorized, convergeWithin)
		c.ask(http.StatusOK, http.MethodPatch, account, map[string]any{"is_active": true})
		old := clerks.token
		clerks.token = c.any().login(clerks.email, clerks.password)
		o.converges("enabled again, with a new token", clerks.token, http.StatusOK, convergeWithin)
		if got := o.answers(old, ""); got != http.StatusUnauthorized {
			t.Errorf("enabled again, with the token of before: %d", got)
		}
		c.ask(http.StatusOK, http.MethodDelete, account, nil)
		o.converges("deleted", clerks.token, http.StatusUnauthorized, convergeWithin)
	})
}

// While the server is down, a service behind it follows its WhenLost setting, and recovers by itself.
func TestAServiceBehindSurvivesTheServer(t *testing.T) {
	t.Parallel()
	for whenLost, status := range map[string]int{"refuse": http.StatusServiceUnavailable, "tokens": http.StatusOK} {
		t.Run(whenLost, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, database string) {
				c := newCluster(t, database)
				clerks := newClerks(c)
				balancer := newBalancer(t, c.a)
				o := startOrders(t, balancer.host, clerks.follower, whenLost)
				o.converges("the first statement", clerks.token, http.StatusOK, patience)
				dead := c.newPerson(clerks.role)
				o.converges("another clerk", dead.token, http.StatusOK, convergeWithin)
				c.ask(http.StatusOK, http.MethodPatch, "/api/v1/accounts/"+dead.id, map[string]any{"is_active": false})
				o.converges("disabled", dead.token, http.StatusUnauthorized, convergeWithin)
				c.a.kill()
				time.Sleep(convergeWithin)
				for range 10 {
					if got := o.answers(clerks.token, ""); got != status {
						t.Errorf("the server is gone: %d, want %d", got, status)
					}
				}
				if got := o.answers(dead.token, ""); whenLost == "tokens" && got != http.StatusUnauthorized {
					t.Errorf("the holder of a token that was known to be invalid is answered %d", got)
				}
				balancer.to.Store(c.b)
				o.converges("another replica has taken its place", dead.token, http.StatusUnauthorized, patience)
				o.converges("another replica has taken its place", clerks.token, http.StatusOK, patience)
			})
		})
	}
}

// balancer stands before the replicas and sends all requests to one of them.
type balancer struct {
	host string
	to   atomic.Pointer[server]
}

func newBalancer(t *testing.T, first *server) *balancer {
	t.Helper()
	b := &balancer{}
	b.to.Store(first)
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: b.to.Load().host})
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(front.Close)
	b.host = front.Listener.Addr().String()
	return b
}

// clerk holds a role with the permissions of orders; follower is the account of the service itself.
type clerk struct {
	person
	role, read string
	follower   person
}

func newClerks(c *cluster) clerk {
	c.t.Helper()
	made := func(name string) string {
		return c.ask(http.StatusCreated, http.MethodPost, "/api/v1/permissions", map[string]any{"name": name}).text("id")
	}
	k := clerk{read: made("orders:read")}
	k.role = c.newRole(map[string]any{"permission_ids": []string{k.read, made("orders:write")}})
	k.person = c.newPerson(k.role)
	k.follower = c.newPerson(c.newRole(map[string]any{"permission_ids": []string{c.permission("changes:read")}}))
	return k
}

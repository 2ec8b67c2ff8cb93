package keys

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/keyring"
	"github.com/svc-users/svc-users/internal/seal"
	"github.com/svc-users/svc-users/internal/store"
	"github.com/svc-users/svc-users/internal/token"
)

// patience only ends what hangs. It is far longer than anything takes that works, on however busy a machine.
const patience = 10 * time.Minute

// replicas are two processes of the service on one database, with a balancer before them that tries both.
type replicas struct {
	t        *testing.T
	settings replicaSettings
	store    *store.Store // of the test itself, to see in which state the keys are
	url      string       // of the balancer

	mu        sync.Mutex
	processes [2]*exec.Cmd
	addresses [2]string // empty while a replica is dead
	next      int       // the replica that is tried first
}

func startReplicas(t *testing.T, database string) *replicas {
	t.Helper()
	r := &replicas{t: t, settings: replicaSettings{
		Database: database, EncryptionKey: seal.GenerateKey(), Demo: true,
		// Tokens live for long enough that every client meets two more keys before a token of a revoked one expires. Verifiers
		// have a leeway of 30 seconds.
		Policy: keyring.Policy{Period: *period, Lead: *period / 2, Life: 8 * *period, Tail: 31 * time.Second},
	}}
	for n := range r.processes {
		r.start(n)
	}
	var err error
	if r.store, err = store.Open(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.store.Close() })
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(*httputil.ProxyRequest) {}, Transport: r,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, // the client has gone
	})
	t.Cleanup(front.Close)
	r.url = front.URL
	return r
}

// start starts a replica and returns when it serves. The one makes RSA keys and the other keys on P-256, so that keys of
// both kinds follow one another.
func (r *replicas) start(n int) {
	r.t.Helper()
	settings := r.settings
	settings.Algorithm = []token.Algorithm{token.RS256, token.ES256}[n]
	encoded, err := json.Marshal(settings)
	if err != nil {
		r.t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	said := &bytes.Buffer{}
	cmd := exec.Command(program)
	cmd.Env, cmd.Stderr = append(os.Environ(), replicaVariable+"="+string(encoded)), said
	input, err := cmd.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Process.Kill() // it may be dead already
		_ = cmd.Wait()
		if r.t.Failed() {
			r.t.Logf("replica %d said\n%s", n, said)
		}
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		r.t.Fatalf("replica %d does not serve: %v", n, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes[n], r.addresses[n] = cmd, strings.TrimSpace(address)
}

// kill is kill -9 in the midst of whatever a replica does, and starts it again.
func (r *replicas) kill(n int) {
	r.t.Helper()
	r.mu.Lock()
	cmd := r.processes[n]
	r.addresses[n] = ""
	r.mu.Unlock()
	if err := cmd.Process.Kill(); err != nil {
		r.t.Fatalf("replica %d had ended by itself: %v", n, err)
	}
	_ = cmd.Wait() // it was killed
	r.start(n)
}

// order returns the addresses of the living replicas, in turns.
func (r *replicas) order() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = 1 - r.next
	var list []string
	for _, n := range []int{r.next, 1 - r.next} {
		if r.addresses[n] != "" {
			list = append(list, r.addresses[n])
		}
	}
	return list
}

// RoundTrip sends a request to a living replica and, where that is killed before the answer is there, to the other.
func (r *replicas) RoundTrip(request *http.Request) (*http.Response, error) {
	var sent []byte
	if request.Body != nil {
		var err error
		if sent, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	for {
		var failed error
		for _, address := range r.order() {
			again := request.Clone(request.Context())
			again.URL.Scheme, again.URL.Host, again.Body = "http", address, io.NopCloser(bytes.NewReader(sent))
			response, err := http.DefaultTransport.RoundTrip(again)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(response.Body)
				response.Body.Close()
				response.Body = io.NopCloser(bytes.NewReader(body))
			}
			if err == nil {
				return response, nil
			}
			failed = err
		}
		if request.Context().Err() != nil {
			return nil, failed
		}
		time.Sleep(time.Millisecond) // one of them is about to be known as dead, or to serve again
	}
}

// keys returns the keys of the database and the time there.
func (r *replicas) keys() keyring.Snapshot {
	r.t.Helper()
	found, err := r.store.SigningKeys(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

// eventually waits for what comes about by itself.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("%s: it never comes about", what)
		}
	}
}

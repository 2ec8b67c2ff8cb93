package keys

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// verifier is a client that verifies tokens with the JWK set, as it does by default.
type verifier struct {
	name string
	// verify returns why a token is refused.
	verify func(token string) error
}

// newVerifiers starts one of each client on the JWK set of the service.
func newVerifiers(t *testing.T, url string) []verifier {
	t.Helper()
	list := []verifier{
		{"the service", func(token string) error { return ask(url+"/api/v1/auth/me", token) }},
		newGoOIDC(url),
		newOrders(t, url, "authn that follows changes", "ORDERS_EMAIL="+adminEmail, "ORDERS_PASSWORD="+adminPassword),
	}
	// By itself authn asks for unknown keys every 12.5 seconds at most, and each rotation may have one: a client that reads
	// the JWK set with the first token of a key is there before the next key is made. That has half a period until it signs
	// where the other is revoked.
	if *period/2 > 13*time.Second {
		list = append(list, newOrders(t, url, "authn"))
	}
	if *withClients {
		const speed = "30" // jose asks every 30 seconds at most: beside the days for which a key signs in real life, that is nothing
		list = append(list, newProgram(t, "jose", "node", "verifier.mjs", url, speed), newProgram(t, "PyJWT", "/usr/bin/python3", "verifier.py", url))
	}
	return list
}

var errRefused = errors.New("refused")

// ask sends a token to a service until it is not busy. A service that refuses the token answers 401.
func ask(url, token string) error {
	for {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		switch response.StatusCode {
		case http.StatusOK, http.StatusForbidden: // of an account that lacks the permission
			return nil
		case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway:
			time.Sleep(5 * time.Millisecond)
		default:
			return fmt.Errorf("%w: %d %s", errRefused, response.StatusCode, body)
		}
	}
}

func newGoOIDC(url string) verifier {
	keys := oidc.NewRemoteKeySet(context.Background(), url+"/.well-known/jwks.json")
	v := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256}})
	return verifier{"go-oidc", func(token string) error {
		_, err := v.Verify(context.Background(), token)
		return err
	}}
}

// ordersBinary is examples/orders, built once.
var ordersBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "orders")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir, build.Env = "../../examples/orders", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building examples/orders: %w\n%s", err, out)
	}
	return path, nil
})

// newOrders starts examples/orders, which verifies with authn.
func newOrders(t *testing.T, url, name string, settings ...string) verifier {
	t.Helper()
	path, err := ordersBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Env = append([]string{"SVC_USERS_URL=" + url, "ORDERS_LISTEN=127.0.0.1:0", "JWT_ISSUER=" + issuer, "JWT_AUDIENCE=" + audience}, settings...)
	_, output := start(t, name, cmd)
	line, err := output.ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not listen: %v", name, err)
	}
	at := strings.TrimSpace(strings.TrimPrefix(line, "orders ")) + "/orders"
	return verifier{name, func(token string) error { return ask(at, token) }}
}

// newProgram starts a program of tests/clients that reads tokens, one a line, and answers each with ok or why not.
func newProgram(t *testing.T, name, interpreter, script, url string, args ...string) verifier {
	t.Helper()
	cmd := exec.Command(interpreter, append([]string{script, url + "/.well-known/jwks.json", issuer, audience}, args...)...)
	cmd.Dir = "../clients"
	input, output := start(t, name, cmd)
	return verifier{name, func(token string) error {
		if _, err := fmt.Fprintln(input, token); err != nil {
			return err
		}
		switch line, err := output.ReadString('\n'); {
		case err != nil:
			return err
		case line != "ok\n":
			return fmt.Errorf("%w: %s", errRefused, strings.TrimSpace(line))
		}
		return nil
	}}
}

// start starts a program that ends with the test.
func start(t *testing.T, name string, cmd *exec.Cmd) (io.Writer, *bufio.Reader) {
	t.Helper()
	said := &strings.Builder{}
	cmd.Stderr = said
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Process.Kill() // it may have ended with its input
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said\n%s", name, said)
		}
	})
	return input, bufio.NewReader(output)
}

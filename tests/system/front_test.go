package system

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// frontClient sends requests through the balancer.
type frontClient struct {
	client               *http.Client
	address, token, host string
	header               http.Header // sent beside the client's own
}

func newFrontClient(t *testing.T, address, token string) *frontClient {
	t.Helper()
	c := &frontClient{client: newClient(), address: address, token: token, host: "127.0.0.1"}
	if runtime.GOOS == "linux" {
		c.host = "127.0.0.9" // differs from the balancer's address
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.host)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableCompression: true}
	c.client.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return c
}

// send asks once and returns the status, or 0 and why there is none. net/http asks again by itself over another
// connection if the one it had was closed under it: that counts as asking twice, and so as no answer here.
func (c *frontClient) send(method, path string, body any) (status int, why string) {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, err.Error()
		}
		reader = bytes.NewReader(encoded)
	}
	var connections atomic.Int32
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections.Add(1) }}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), method, "http://"+c.address+path, reader)
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	for _, name := range []string{"X-Forwarded-For", "X_Forwarded_For", "X.Forwarded.For", "X-Real-IP", "Forwarded"} {
		request.Header[name] = []string{"for=192.0.2.1", "192.0.2.1"} // a lie, in every spelling
	}
	// Means nothing to the service, which is why no balancer has to remove it.
	request.Header.Set("X-Http-Method-Override", http.MethodDelete)
	for name, values := range c.header {
		request.Header[name] = values
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	switch _, err := io.Copy(io.Discard, response.Body); {
	case err != nil:
		return 0, err.Error()
	case connections.Load() > 1:
		return 0, "the connection was closed instead of an answer"
	}
	return response.StatusCode, ""
}

// tally counts requests by their outcome.
type tally struct {
	sent, first, lost atomic.Int64

	mu   sync.Mutex
	said map[string]int
}

// read retries once if there was no answer.
func (n *tally) read(c *frontClient, path string) {
	n.sent.Add(1)
	status, why := c.send(http.MethodGet, path, nil)
	if status == http.StatusOK {
		return
	}
	n.fail(status, why)
	if status, why = c.send(http.MethodGet, path, nil); status != http.StatusOK {
		n.lost.Add(1)
		n.note("again", status, why)
	}
}

func (n *tally) write(c *frontClient) {
	n.sent.Add(1)
	if status, why := c.send(http.MethodPost, "/api/v1/roles", map[string]any{"name": unique("Behind")}); status != http.StatusCreated {
		n.fail(status, why)
	}
}

func (n *tally) fail(status int, why string) {
	n.first.Add(1)
	n.note("first", status, why)
}

func (n *tally) note(when string, status int, why string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.said == nil {
		n.said = map[string]int{}
	}
	n.said[fmt.Sprintf("%s: %d %s", when, status, why)]++
}

func (n *tally) why() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.said
}

func (n *tally) String() string {
	return fmt.Sprintf("%d sent, %d failed, %d failed again, %v", n.sent.Load(), n.first.Load(), n.lost.Load(), n.why())
}

package web_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/web"
)

// raw sends bytes as they are and returns the answer.
func raw(t *testing.T, url, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(apitest.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestRawRequests(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	for request, want := range map[string]int{
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n":                                                                   204,
		"GET * HTTP/1.1\r\nHost: x\r\n\r\n":                                                                       404,
		"GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n":                                                          200,
		"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n":                                                             404,
		"GET /%2e%2e/livez HTTP/1.1\r\nHost: x\r\n\r\n":                                                           404,
		"GET /a/../livez HTTP/1.1\r\nHost: x\r\n\r\n":                                                             404,
		"POST " + apitest.LoginPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n" + json1:           413,
		"POST " + apitest.LoginPath + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + json1 + "zz\r\n": 400,
		"POST " + apitest.LoginPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + json1:                     400,
	} {
		if got := raw(t, svc.URL, request); got.StatusCode != want {
			t.Errorf("%q: %d, want %d", request, got.StatusCode, want)
		}
	}
}

const json1 = "Content-Type: application/json\r\n\r\n"

func TestSlowBody(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	server := httptest.NewUnstartedServer(nil)
	server.Config = web.Server("", svc.Handler, svc.Logger, web.Bounds{})
	server.Config.ReadTimeout = 300 * time.Millisecond
	server.Start()
	defer server.Close()
	answer := raw(t, server.URL, "POST "+apitest.LoginPath+" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"+json1+"{")
	var envelope struct{ Code int }
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 408 || envelope.Code != 408 || !answer.Close {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}

func TestServerBounds(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	got := raw(t, svc.URL, "GET /livez HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 40<<10)+"\r\n\r\n")
	if got.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("40 KiB of header: %d", got.StatusCode)
	}
}

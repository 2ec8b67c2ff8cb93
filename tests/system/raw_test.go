package system

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// exchange sends bytes as they are over a connection of their own and reads the answers to requests of these
// methods, in order. Interim answers (1xx) are answers too: they have methods of their own in the list. What is
// said after the last, and whether the connection ends, is left over.
func (s *server) exchange(t *testing.T, sent string, methods ...string) (answers []answer, rest string) {
	t.Helper()
	conn := s.dial(t)
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	for _, method := range methods {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return append(answers, answer{err: err}), ""
		}
		a := answer{status: response.StatusCode, header: response.Header}
		a.body, a.err = io.ReadAll(response.Body)
		response.Body.Close()
		answers = append(answers, a)
	}
	// Data that was not requested comes at once, in the same packet or just behind it.
	if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var more bytes.Buffer
	_, _ = io.Copy(&more, reader) // ends at the deadline
	return answers, more.String()
}

// ours is exchange for requests that reach the handler: each answer is checked against the rules for all answers.
func (s *server) ours(t *testing.T, name, path, sent string, methods ...string) []answer {
	t.Helper()
	answers, rest := s.exchange(t, sent, methods...)
	for i := range answers {
		a := &answers[i]
		if a.err != nil {
			t.Fatalf("%s: answer %d: %v", name, i, a.err)
		}
		if a.status < 200 {
			continue
		}
		for _, problem := range a.open(methods[i], path) {
			t.Errorf("%s: answer %d, %d: %s", name, i, a.status, problem)
		}
	}
	if rest != "" {
		t.Errorf("%s: after the answers came %.200q", name, rest)
	}
	return answers
}

// statuses are those of a list of answers.
func statuses(answers []answer) []int {
	var list []int
	for _, a := range answers {
		list = append(list, a.status)
	}
	return list
}

// Whatever form a request takes that net/http lets through, the handler answers as the contract says, once.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	c := newCluster(t, sqliteURL(t))
	for _, r := range rawRequests(c.admin.token) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			path := r.path
			if path == "" {
				path = "/api/v1"
			}
			methods := r.methods
			if methods == nil {
				methods = []string{strings.SplitN(r.sent, " ", 2)[0]}
			}
			answers := c.a.ours(t, r.name, path, r.sent, methods...)
			if got := statuses(answers); !slices.Equal(got, r.want) {
				t.Errorf("answered %v %q, want %v", got, answers[0].Message, r.want)
			}
		})
	}
}

// What net/http refuses before any handler is a 4xx or 5xx of its own, and the end of the connection: nothing
// that came after it on the same connection is taken for another request.
func TestRawNonsenseEndsTheConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, sqliteURL(t))
	const smuggled = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, sent := range map[string]string{
		"two lengths":               "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"a list of lengths":         "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nhello",
		"a negative length":         "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"a signed length":           "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
		"an unknown coding":         "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"chunked twice":             "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no host":                   "GET /livez HTTP/1.1\r\n\r\n",
		"two hosts":                 "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"a space before the colon":  "GET /livez HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer x\r\n\r\n",
		"a control character":       "GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-ID: a\x01b\r\n\r\n",
		"a bare CR in a header":     "GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-ID: a\rX-Evil: b\r\n\r\n",
		"no path":                   "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
		"a path without a slash":    "GET livez HTTP/1.1\r\nHost: x\r\n\r\n",
		"a bad escape":              "GET /api/v1/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"a space in the path":       "GET /api/v1/ accounts HTTP/1.1\r\nHost: x\r\n\r\n",
		"an unknown version":        "GET /livez HTTP/3.0\r\nHost: x\r\n\r\n",
		"an unknown expectation":    "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 0\r\n\r\n",
		"a method with a space":     "GE T /livez HTTP/1.1\r\nHost: x\r\n\r\n",
		"a TLS handshake":           "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
		"a header of 64 KiB":        "GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
		"a path of 64 KiB":          "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"many headers of 64 KiB":    "GET /livez HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: 0123456789\r\n", 4<<10) + "\r\n",
		"an HTTP/2 preface, alone":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a continued header (fold)": "GET /livez HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers, rest := s.exchange(t, sent+smuggled, http.MethodGet)
			a := answers[0]
			if a.err != nil {
				return // cut off without a word, which net/http does while more is being sent
			}
			if a.status < 400 || a.status >= 600 || a.status == http.StatusInternalServerError {
				t.Errorf("answered %d %.200q", a.status, a.body)
			}
			if strings.Contains(rest, "HTTP/1.1 200") {
				t.Errorf("what came after it was taken for a request: %.200q", rest)
			}
			if what := leakIn(string(a.body), false); what != "" {
				t.Errorf("the answer holds %s", what)
			}
		})
	}
	if a := s.send(http.MethodGet, "/livez", "", nil); !a.is(http.StatusOK) {
		t.Errorf("afterwards the server answers %d %v", a.status, a.err)
	}
}

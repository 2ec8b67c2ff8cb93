// Package load drives a server over keep-alive connections as clients do: one request after another on each of
// them, or each request at the moment it is due. A connection costs the machine little, which matters where client
// and server share it.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// answerTimeout bounds how long an answer may take. It is far above every goal, so that what is too slow is
// measured and not cut off.
const answerTimeout = 30 * time.Second

// Request is a whole request as it is sent.
type Request []byte

// Get reads a path with a bearer token, or without one if it is empty. header are further lines, "Name: value".
func Get(path, token string, header ...string) Request {
	return request(http.MethodGet, path, token, "", header)
}

// Send sends a JSON body, or none if it is empty, with a bearer token, or without one if that is empty.
func Send(method, path, token, body string) Request {
	if body == "" {
		return request(method, path, token, "", nil)
	}
	return request(method, path, token, body, []string{"Content-Type: application/json", "Content-Length: " + strconv.Itoa(len(body))})
}

func request(method, path, token, body string, header []string) Request {
	r := append([]byte(nil), method+" "+path+" HTTP/1.1\r\nHost: 127.0.0.1\r\n"...)
	if token != "" {
		r = append(r, "Authorization: Bearer "+token+"\r\n"...)
	}
	for _, line := range header {
		r = append(r, line+"\r\n"...)
	}
	return append(r, "\r\n"+body...)
}

// Answer is a response that was read whole.
type Answer struct {
	Status int
	Header http.Header
	// Body is good until the connection's next request.
	Body []byte
}

// RetryAfter is how long the server asked to wait, and whether it asked.
func (a Answer) RetryAfter() (time.Duration, bool) {
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}

// Expect returns an error unless the status is the given one. The error holds the status and the body.
func (a Answer) Expect(status int) error {
	if a.Status != status {
		return fmt.Errorf("expected status %d, got %d: %.300s", status, a.Status, a.Body)
	}
	return nil
}

// Conn is a connection that is kept. It is used by one goroutine at a time.
type Conn struct {
	// ctx bounds the life of the connection. A server may close it; then the next request dials again.
	ctx    context.Context
	addr   string
	net    net.Conn
	in     *bufio.Reader
	body   []byte
	unhook func() bool
	closed bool // by the server, after the last answer
}

// Dial connects to host:port. The connection is cut when ctx ends.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	c := &Conn{ctx: ctx, addr: addr}
	if err := c.dial(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Conn) dial() error {
	dialer := net.Dialer{Timeout: answerTimeout}
	conn, err := dialer.DialContext(c.ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	c.attach(conn)
	return nil
}

// attach makes c use conn.
func (c *Conn) attach(conn net.Conn) {
	c.net, c.in, c.closed = conn, bufio.NewReader(conn), false
	c.unhook = context.AfterFunc(c.ctx, func() { conn.Close() })
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.unhook()
	if err := c.net.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Do sends a request and reads its answer whole.
func (c *Conn) Do(r Request) (Answer, error) {
	if c.closed {
		if err := errors.Join(c.Close(), c.dial()); err != nil {
			return Answer{}, err
		}
	}
	if err := c.net.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return Answer{}, err
	}
	if _, err := c.net.Write(r); err != nil {
		return Answer{}, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body := bytes.NewBuffer(c.body[:0])
	if _, err := body.ReadFrom(response.Body); err != nil {
		return Answer{}, err
	}
	c.body, c.closed = body.Bytes(), response.Close
	return Answer{Status: response.StatusCode, Header: response.Header, Body: c.body}, nil
}

package system

import (
	"fmt"
	"strings"
)

// rawRequest is what is sent, byte by byte, and the statuses of the answers.
type rawRequest struct {
	name    string
	sent    string
	want    []int
	path    string   // "" stands for one below /api/v1
	methods []string // of the requests in sent; nil for the one it begins with
}

// oddTargets are request targets that look like one of ours and name nothing.
var oddTargets = []string{
	"/api/v1/accounts/", "/api/v1//accounts", "//api/v1/accounts", "/api/v1/./accounts", "/api/v1/roles/../accounts",
	"/api/v1/accounts/..", "/api/v1/accounts/.", "/API/v1/accounts", "/api/v1/Accounts", "/%61pi/v1/accounts",
	"/api/v1/accounts%2f", "/api%2fv1/accounts", "/api/v1/%2e%2e/v1/accounts", "/api/v1/accounts%00", "/api/v1/accounts%20",
	"/api/v1/accounts;a=b", "/api/v1/accounts/%ff%fe", "/api/v1/accounts\\", "/api/v1/a%c3%a9", "/livez/", "/LIVEZ", "/%6civez",
	"/livez%0a", "/readyz//", "/docs/../livez", "/.", "/..", "/%2e", "/%2f", "//", "/api", "/api/", "/api/v1", "/api/v1/",
	"/.well-known", "/.well-known/jwks.json/", "/openapi.json/", "/docs/../../etc/passwd", "/docs/%2e%2e/%2e%2e/etc/passwd",
	"/" + strings.Repeat("a", 30<<10), "/" + strings.Repeat("a/", 10<<10), "/" + strings.Repeat("../", 1000) + "livez",
}

// rawRequests are requests that net/http takes.
func rawRequests(token string) []rawRequest {
	const host = " HTTP/1.1\r\nHost: x\r\n"
	login := `{"email":"nosuch@people.example","password":"pw-S3CR3T-raw"}`
	asked := "Authorization: Bearer " + token + "\r\n"
	json := "Content-Type: application/json\r\n"
	length := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	bad := "Authorization: Bearer " + marker + ".not.one\r\n"
	big := strings.Repeat(" ", 1<<20)
	list := []rawRequest{
		{name: "absolute form", sent: "GET http://elsewhere.example/api/v1/auth/me" + host + asked + "\r\n", want: []int{200}},
		{name: "absolute form with a slash too many", sent: "GET http://x//api/v1/auth/me" + host + asked + "\r\n", want: []int{404}},
		{name: "absolute form of the root", sent: "GET http://x" + host + "\r\n", want: []int{404}, path: "/"},
		{name: "OPTIONS *", sent: "OPTIONS *" + host + "\r\n", want: []int{204}, path: "*"},
		{name: "GET *", sent: "GET *" + host + "\r\n", want: []int{404}, path: "*"},
		{name: "CONNECT", sent: "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", want: []int{404}, path: "/"},
		{name: "CONNECT to a path", sent: "CONNECT /api/v1/accounts" + host + "\r\n", want: []int{405}},
		{name: "TRACE", sent: "TRACE /api/v1/accounts" + host + "Cookie: a=b\r\n\r\n", want: []int{405}},
		{name: "an unknown method", sent: "BREW /api/v1/accounts" + host + "\r\n", want: []int{405}},
		{name: "a method in lower case", sent: "get /api/v1/accounts" + host + "\r\n", want: []int{405}},
		{name: "HTTP/1.0", sent: "GET /api/v1/auth/me HTTP/1.0\r\n" + asked + "\r\n", want: []int{200}},
		{name: "HTTP/1.0 without anything", sent: "GET /livez HTTP/1.0\r\n\r\n", want: []int{200}, path: "/livez"},
		{name: "the same length twice", sent: "POST /api/v1/auth/login" + host + json + fmt.Sprintf("Content-Length: %d\r\n", len(login)) + length(login), want: []int{401}},
		{name: "two tokens", sent: "GET /api/v1/auth/me" + host + asked + asked + "\r\n", want: []int{401}},
		{name: "chunked", sent: "POST /api/v1/auth/login" + host + json + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(login), login), want: []int{401}},
		{name: "chunked, over the limit", sent: "POST /api/v1/auth/login" + host + json + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n5\r\nhello\r\n0\r\n\r\n", len(big), big), want: []int{413}},
		{name: "a length over the limit, nothing sent", sent: "POST /api/v1/auth/login" + host + json + "Content-Length: 1048577\r\n\r\n", want: []int{413}},
		{name: "a length beyond all bounds", sent: "POST /api/v1/auth/login" + host + json + "Content-Length: 9223372036854775807\r\n\r\n", want: []int{413}},
		{name: "a body over the limit of who has no token", sent: "POST /api/v1/accounts" + host + json + "Content-Length: 1048577\r\n\r\n", want: []int{401}},
		{name: "expecting to be asked, with a bad token", sent: "POST /api/v1/accounts" + host + bad + json + "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n", want: []int{401}},
		{name: "expecting to be asked, with a length over the limit", sent: "POST /api/v1/auth/login" + host + json + "Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n", want: []int{413}},
		{name: "expecting to be asked", sent: "POST /api/v1/auth/login" + host + json + "Expect: 100-continue\r\n" + length(login), want: []int{100, 401}, methods: []string{"POST", "POST"}},
		{name: "three at once", sent: "GET /api/v1/auth/me" + host + asked + "\r\nGET /api/v1/nothing" + host + "\r\nGET /api/v1/auth/me" + host + bad + "\r\n", want: []int{200, 404, 401}, methods: []string{"GET", "GET", "GET"}},
		{name: "a GET with a body, and another", sent: "GET /api/v1/health" + host + length("hello") + "GET /api/v1/auth/me" + host + asked + "\r\n", want: []int{200, 200}, methods: []string{"GET", "GET"}},
		{name: "a request in the body of one that is refused", sent: "POST /api/v1/accounts" + host + bad + json + length("DELETE /api/v1/accounts"+host+asked+"\r\n"), want: []int{401}},
		{name: "HEAD", sent: "HEAD /api/v1/auth/me" + host + asked + "\r\nHEAD /api/v1/nothing" + host + "\r\n", want: []int{200, 404}, methods: []string{"HEAD", "HEAD"}},
		{name: "an upgrade", sent: "GET /api/v1/auth/me" + host + asked + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", want: []int{200}},
		{name: "a query that is all percent signs", sent: "GET /api/v1/accounts?%%%" + host + asked + "\r\n", want: []int{422}},
		{name: "a query of bytes", sent: "GET /api/v1/accounts?q=%ff%00" + host + asked + "\r\n", want: []int{422}},
		{name: "a body that is a ZIP bomb's wish", sent: "POST /api/v1/auth/login" + host + json + "Content-Encoding: gzip\r\n" + length(login), want: []int{415}},
	}
	for _, target := range oddTargets {
		name := target
		if len(name) > 40 {
			name = fmt.Sprintf("%s… of %d bytes", name[:10], len(target))
		}
		for _, method := range []string{"GET", "POST"} {
			list = append(list, rawRequest{name: method + " " + name, sent: method + " " + target + host + asked + "Content-Length: 0\r\n\r\n", want: []int{404}, path: "/"})
		}
	}
	return list
}

package main

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// versions of TLS by how scripts write them.
var versions = map[string]uint16{"1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// keptConnection is the key of a connection that a script keeps.
type keptConnection struct{}

// overTLS is the command of scripts about HTTPS:
//
//	tls ready NAME PROTOCOL VERSION   waits until the server is ready with a certificate for that name
//	tls refuses VERSION               the server does not speak it
//	tls keeps                         makes a connection and a request over it
//	tls kept                          makes another request over that connection
func overTLS(ts *testscript.TestScript, _ bool, args []string) {
	address := "127.0.0.1:" + ts.Getenv("PORT")
	switch args[0] {
	case "ready":
		awaitTLS(ts, address, args[1], args[2], versions[args[3]])
	case "refuses":
		if conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: versions[args[1]]}); err == nil {
			conn.Close()
			ts.Fatalf("the server speaks TLS %s", args[1])
		}
	case "keeps":
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		ts.Check(err)
		ts.Defer(func() { conn.Close() })
		kept(ts).conn = conn
		askOver(ts, conn)
	case "kept":
		askOver(ts, kept(ts).conn)
	}
}

// keptConn is what a script keeps.
type keptConn struct{ conn net.Conn }

func kept(ts *testscript.TestScript) *keptConn { return ts.Value(keptConnection{}).(*keptConn) }

func askOver(ts *testscript.TestScript, conn net.Conn) {
	request, err := http.NewRequest(http.MethodGet, "https://server.test/readyz", nil)
	ts.Check(err)
	ts.Check(request.Write(conn))
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	ts.Check(err)
	response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Header.Get("Strict-Transport-Security") == "" {
		ts.Fatalf("the answer is %d with %v", response.StatusCode, response.Header)
	}
}

func awaitTLS(ts *testscript.TestScript, address, name, protocol string, version uint16) {
	var protocols http.Protocols
	protocols.SetHTTP1(protocol == "http/1.1")
	protocols.SetHTTP2(protocol == "h2")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		client := http.Client{Timeout: patience, Transport: &http.Transport{
			Protocols: &protocols, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version},
		}}
		response, err := client.Get("https://" + address + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		state := response.TLS
		if response.StatusCode != http.StatusOK || !slices.Contains(state.PeerCertificates[0].DNSNames, name) {
			continue
		}
		if want := map[string]int{"h2": 2, "http/1.1": 1}[protocol]; response.ProtoMajor != want || state.Version != version {
			ts.Fatalf("the server speaks %s over %x", response.Proto, state.Version)
		}
		return
	}
	ts.Fatalf("the server is not ready with a certificate for %s", name)
}

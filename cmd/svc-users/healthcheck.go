package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/svc-users/svc-users/internal/config"
)

// healthcheckTime bounds the question. A server that takes longer is not well.
const healthcheckTime = 3 * time.Second

type healthcheckCommand struct{}

// Run asks the server that the settings describe, on this machine, whether it is ready.
func (healthcheckCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	host := cfg.Host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(t.ctx, healthcheckTime)
	defer cancel()
	answer, err := askReadiness(ctx, scheme(cfg)+net.JoinHostPort(host, strconv.Itoa(cfg.Port)))
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	if answer.status != http.StatusOK {
		return fmt.Errorf("the server is not ready: it answers %d", answer.status)
	}
	fmt.Fprintln(t.stdout, "ready")
	return nil
}

// readiness is what a server answers at /readyz.
type readiness struct {
	status int
	ours   bool // it is one of svc-users
}

// askReadiness asks a server on this machine whether it is ready.
func askReadiness(ctx context.Context, base string) (readiness, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", http.NoBody)
	if err != nil {
		return readiness{}, err
	}
	// The server is on this machine: a proxy of the environment has no place in between.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: ownCertificate()}}
	response, err := client.Do(request)
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return readiness{}, err
	}
	defer response.Body.Close()
	known := response.StatusCode == http.StatusOK || response.StatusCode == http.StatusServiceUnavailable
	return readiness{response.StatusCode, known && response.Header.Get("X-Request-Id") != ""}, nil
}

// scheme begins the URL of the server that the settings describe.
func scheme(cfg config.Config) string {
	if cfg.TLS.Certificate != "" {
		return "https://"
	}
	return "http://"
}

// ownCertificate takes any certificate: that of the server is for its public name, not for the address at which it is asked, and
// the question has no secret.
func ownCertificate() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true} //nolint:gosec // G402: see above
}

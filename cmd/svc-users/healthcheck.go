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
	ready := scheme(cfg) + net.JoinHostPort(host, strconv.Itoa(cfg.Port)) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, ready, http.NoBody)
	if err != nil {
		return err
	}
	// The server is on this machine: a proxy of the environment has no place in between.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: ownCertificate()}}
	response, err := client.Do(request)
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: it answers %d", response.StatusCode)
	}
	fmt.Fprintln(t.stdout, "ready")
	return nil
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

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
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
	ready := "http://" + net.JoinHostPort(host, strconv.Itoa(cfg.Port)) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, ready, http.NoBody)
	if err != nil {
		return err
	}
	// The server is on this machine: a proxy of the environment has no place in between.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
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

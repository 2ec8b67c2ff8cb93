// Command orders is a small service behind svc-users: it keeps orders in memory, checks the permissions to read and
// write them, and enforces changes of rights within a second. README.md says how to run it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/svc-users/svc-users/authn"
)

func main() {
	if err := run(); err != nil {
		slog.Error("orders ends", "error", err)
		os.Exit(1)
	}
}

func run() error {
	s, err := readSettings(os.Getenv)
	if err != nil {
		return err
	}
	v, err := authn.New(s.options())
	if err != nil {
		return err
	}
	stop, forget := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer forget()

	// Changes are followed until the last request is done, which is after stop.
	following, end := context.WithCancel(context.Background())
	defer end()
	if s.follows() {
		go func() { _ = v.Run(following) }() // ends with end alone
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	fmt.Printf("orders http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler(v, &book{}), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-stop.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("requests were cut off: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

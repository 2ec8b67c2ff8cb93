package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/svc-users/svc-users/bench/bare"
	"github.com/svc-users/svc-users/bench/load"
	"github.com/svc-users/svc-users/bench/machine"
)

// A worker is this program run a second time, where a process of its own is what matters: the bare server, whose
// processor time is then its own, and the probe, whose clock must not wait for the clients that make a flood.
func worker(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("worker: which one?")
	}
	switch args[0] {
	case "server":
		return bare.Serve(ctx, os.Getenv("DATABASE_URL"), os.Stdout)
	case "probe":
		return runProbe(ctx, os.Stdin, os.Stdout)
	default:
		return fmt.Errorf("worker: there is no %q", args[0])
	}
}

// workerCommand prepares a worker.
func workerCommand(ctx context.Context, name string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "worker", name) //nolint:gosec // this very program
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// bareServer starts the bare server, with reads of a PostgreSQL database if one is given, and returns its address,
// its process, and what ends it.
func bareServer(ctx context.Context, databaseURL string) (addr string, pid int, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := workerCommand(ctx, "server")
	if err != nil {
		cancel()
		return "", 0, nil, err
	}
	cmd.Env = []string{"DATABASE_URL=" + databaseURL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = machine.Start(cmd)
	}
	if err != nil {
		cancel()
		return "", 0, nil, err
	}
	stop = func() {
		cancel()
		_ = cmd.Wait() // it is killed, and says so
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("the bare server did not start: %w", err)
	}
	return strings.TrimPrefix(strings.TrimSpace(first), "http://"), cmd.Process.Pid, stop, nil
}

// probeConns is how many connections take turns in a probe: the time between two turns of one of them, a tenth of a
// second, is far above the goal.
const (
	probeConns = 20
	probeRate  = 200
)

// probe is what a probe is to do: read the paths in turn with a bearer token.
type probe struct {
	Addr  string
	Token string
	Paths []string
	For   time.Duration
}

// run runs the probe in a worker.
func (p probe) run(ctx context.Context) ([]time.Duration, error) {
	task, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	cmd, err := workerCommand(ctx, "probe")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout = bytes.NewReader(task), &out
	if err := machine.Start(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("the probe: %w", err)
	}
	var took []time.Duration
	return took, json.Unmarshal(out.Bytes(), &took)
}

// runProbe is the worker's side of it.
func runProbe(ctx context.Context, in io.Reader, out io.Writer) error {
	var p probe
	if err := json.NewDecoder(in).Decode(&p); err != nil {
		return err
	}
	var requests []load.Request
	for _, path := range p.Paths {
		requests = append(requests, load.Get(path, p.Token))
	}
	next := func(k, i int) load.Request { return requests[(k+i*probeConns)%len(requests)] }
	took, err := load.Probe(ctx, p.Addr, probeConns, probeRate, p.For, next, http.StatusOK)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(took)
}

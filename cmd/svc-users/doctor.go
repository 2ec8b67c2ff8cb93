package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/config"
)

type doctorCommand struct {
	JSON       bool `name:"json" help:"Print one JSON object."`
	Production bool `help:"Judge as if ENVIRONMENT were production."`
}

// doctorTime bounds the whole examination.
const doctorTime = 30 * time.Second

// Run examines what serving depends on, and changes nothing. It fails if a start would, or if requests would.
func (cmd *doctorCommand) Run(t *terminal) error {
	report := doctorReport{Version: users.Version, Checks: []finding{}}
	examine(t, cmd.Production, &report)
	failures := report.count(failed)
	report.Status = succeeded
	if failures > 0 {
		report.Status = failed
	}
	if cmd.JSON {
		lines := json.NewEncoder(t.stdout)
		lines.SetEscapeHTML(false)
		if err := lines.Encode(report); err != nil {
			return err
		}
	} else {
		report.print(t.stdout)
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d checks failed", failures, len(report.Checks))
	}
	return nil
}

// status is the result of a check.
type status string

const (
	succeeded status = "ok"
	warned    status = "warning" // it works, and should be looked at
	failed    status = "failure" // a start or requests would fail, or production must not run like this
	skipped   status = "skipped" // it could not be looked at
)

// doctorReport is the result of all checks, for example
//
//	{"version":"v1.2.0","environment":"production","status":"failure","checks":[
//	  {"check":"settings","status":"failure","message":"BCRYPT_COST must be at least 12 in production: …"},
//	  {"check":"database","status":"ok","message":"PostgreSQL 17.2, over TLS"}]}
type doctorReport struct {
	Version     string             `json:"version"`
	Environment config.Environment `json:"environment"`
	Status      status             `json:"status"` // "ok" or "failure"
	Checks      []finding          `json:"checks"`
}

// finding is what a check has found. A check may find several things.
type finding struct {
	Check   string `json:"check"`
	Status  status `json:"status"`
	Message string `json:"message"`
}

func (r *doctorReport) add(check string, s status, message string, args ...any) {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	r.Checks = append(r.Checks, finding{check, s, replaceUnprintable(strings.Join(strings.Fields(message), " "))})
}

// addError is a failure, unless err is nil, and reports whether it is.
func (r *doctorReport) addError(check string, err error) bool {
	if err != nil {
		r.add(check, failed, "%s", err.Error())
	}
	return err != nil
}

func (r *doctorReport) count(s status) int {
	n := 0
	for _, f := range r.Checks {
		if f.Status == s {
			n++
		}
	}
	return n
}

func (r *doctorReport) print(out io.Writer) {
	for _, f := range r.Checks {
		fmt.Fprintf(out, "%-8s %-9s %s\n", f.Status, f.Check, f.Message)
	}
}

// examine makes all checks. Each goes as far as it can, so that one failure hides no other.
func examine(t *terminal, production bool, r *doctorReport) {
	// What other commands warn of is part of the report.
	var warnings bytes.Buffer
	quiet := *t
	quiet.stderr = &warnings
	if production {
		quiet.lookup = func(name string) (string, bool) {
			if name == "ENVIRONMENT" {
				return string(config.Production), true
			}
			return os.LookupEnv(name)
		}
	}
	e := examination{terminal: &quiet, report: r}
	e.settings()
	r.Environment = e.cfg.Environment
	e.certificate()
	e.proxies()
	e.port()
	e.database()
	e.disk()
	e.temporaryFolder()
	for line := range strings.Lines(warnings.String()) {
		r.add("files", warned, "%s", strings.TrimPrefix(line, "svc-users: warning: "))
	}
}

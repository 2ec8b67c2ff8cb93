// Command svc-users is the service and everything an operator needs around it.
//
// Each command is a file of its own that reads the settings, has package app put together what it needs, and prints.
// A command that fails prints one line on standard error and exits with status 1, or 2 for wrong usage. Results go to
// standard output, so that they can be piped; log records go to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

// terminal is where a command reads and writes, and when it has to end.
type terminal struct {
	ctx    context.Context
	stdin  *os.File
	stdout io.Writer
	stderr io.Writer
	// lookup has the variables of the environment; nil is os.LookupEnv.
	lookup func(name string) (string, bool)
	// private says that files which others can read are refused, as in production.
	private bool
	// waiting is told what keeps the database from being reached; nil has it written to stderr.
	waiting func(why string)
}

type commands struct {
	Serve           serveCommand           `cmd:"" help:"Bring the database up to date and serve the API."`
	Seed            seedCommand            `cmd:"" help:"Make the demo roles and accounts that are missing. Refused in production."`
	Admin           adminCommand           `cmd:"" help:"Manage administrators."`
	Keys            keysCommand            `cmd:"" help:"Manage the keys that sign tokens."`
	Passwords       passwordsCommand       `cmd:"" help:"Manage the list of passwords that may not be chosen."`
	ServiceAccounts serviceAccountsCommand `cmd:"" help:"Manage the accounts of programs."`
	APIKeys         apiKeysCommand         `cmd:"" name:"api-keys" help:"Manage the API keys of an account."`
	Throttle        throttleCommand        `cmd:"" help:"See and lift what keeps logins and other attempts from being made."`
	Migrate         migrateCommand         `cmd:"" help:"Manage the database schema."`
	Explain         explainCommand         `cmd:"" help:"Say whether an account may do something now, and why."`
	Import          importCommand          `cmd:"" help:"Import accounts of another system from its export."`
	Plan            planCommand            `cmd:"" help:"Show what a service's declaration of permissions and roles would change."`
	Apply           applyCommand           `cmd:"" help:"Make the database agree with a service's declaration: all of it or nothing."`
	Export          exportCommand          `cmd:"" help:"Write the accounts as JSON Lines, in the form that an import reads."`
	Backup          backupCommand          `cmd:"" help:"Copy the embedded database to a file, while the service may be running."`
	Restore         restoreCommand         `cmd:"" help:"Put a backup in the place of the embedded database, while the service is stopped."`
	Copy            copyCommand            `cmd:"" help:"Copy everything from one kind of database to the other, and verify it."`
	Doctor          doctorCommand          `cmd:"" help:"Examine the settings, the database and the machine, without starting anything."`
	OpenAPI         openAPICommand         `cmd:"" name:"openapi" help:"Print the OpenAPI document of the API."`
	Version         versionCommand         `cmd:"" help:"Print the version."`
	Healthcheck     healthcheckCommand     `cmd:"" help:"Ask a running server whether it is ready; for container health checks."`
}

// init keeps the main thread for the main goroutine, which waits. Hashing runs on threads of its own at a lower
// priority: on the main one that priority would be shown, by ps and the like, as the one of the whole service.
func init() { runtime.LockOSThread() }

func main() {
	os.Exit(runCommand(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// runCommand is main with its surroundings as arguments. It returns the exit status.
func runCommand(args []string, stdin *os.File, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	helped := false
	parser := kong.Must(&commands{},
		kong.Name("svc-users"),
		kong.Description("Accounts, roles, permissions and the tokens that carry them. Settings come from the environment or a .env file; see docs/configuration.md."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if len(args) == 0 {
		args = []string{"--help"}
		defer fmt.Fprintln(stderr, "svc-users: name a command, such as: svc-users serve --demo")
		_, _ = parser.Parse(args)
		return exitUsage
	}
	command, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "svc-users: %s (svc-users --help explains)\n", toOneLine(err))
		return exitUsage
	}
	results := &checkedWriter{w: stdout}
	err = command.Run(&terminal{ctx: ctx, stdin: stdin, stdout: results, stderr: stderr})
	if err == nil {
		err = results.err
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		fmt.Fprintf(stderr, "svc-users: %s\n", toOneLine(err))
		return exitFailure
	}
	return 0
}

// checkedWriter remembers the first failure to write a result, so that a command whose result was lost
// does not end as if all were well.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("writing the result: %w", err)
	}
	return n, err
}

// toOneLine keeps the promise that a failure is one line, whatever a library put into its error.
func toOneLine(err error) string {
	return replaceUnprintable(strings.Join(strings.Fields(err.Error()), " "))
}

// replaceUnprintable keeps what a file or a database holds from giving orders to a terminal.
func replaceUnprintable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

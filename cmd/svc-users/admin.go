package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/config"
)

type adminCommand struct {
	Create adminCreateCommand `cmd:"" help:"Make an account with the role Admin. The password comes from a prompt or from standard input; if that is empty, one is made and shown once."`
}

type adminCreateCommand struct {
	Email string `required:"" placeholder:"ADDRESS" help:"The e-mail of the administrator."`
}

// Run makes an administrator in the database of the settings.
func (cmd *adminCreateCommand) Run(t *terminal) error {
	cfg, err := t.settings(nil)
	if err != nil {
		return err
	}
	if _, err := users.ParseEmail(cmd.Email); err != nil {
		return fmt.Errorf("--email %w", err)
	}
	password, err := t.newPassword()
	if err != nil {
		return err
	}
	made := password == ""
	if made {
		password = rand.Text()
		for len(password) < cfg.Passwords.MinLength {
			password += rand.Text()
		}
	}
	a, err := t.openExisting(cfg)
	if err != nil {
		return err
	}
	account, err := a.CreateAdministrator(t.ctx, cmd.Email, password)
	if err = errors.Join(nameFaults(err), a.Close()); err != nil {
		return err
	}
	fmt.Fprintln(t.stdout, "Made administrator", account.Email)
	if !made {
		return nil
	}
	if _, err := fmt.Fprintln(t.stdout, "Password", password); err != nil {
		return fmt.Errorf("the account %s was made, but its password could not be shown and is lost: %w", account.Email, err)
	}
	fmt.Fprintln(t.stderr, "This password is shown once and kept nowhere.")
	return nil
}

// maxPasswordLine is far more than the longest password takes: 256 characters of four bytes.
const maxPasswordLine = 4096

// newPassword asks for a password twice on a terminal, and reads the first line of anything else, without the byte order mark
// that some shells put before what they pipe. It is empty if nothing was given.
func (t *terminal) newPassword() (string, error) {
	if fd := int(t.stdin.Fd()); term.IsTerminal(fd) {
		first, err := t.prompt(fd, "Password (empty to have one made): ")
		if err != nil || first == "" {
			return first, err
		}
		second, err := t.prompt(fd, "The same again: ")
		if err != nil {
			return "", err
		}
		if first != second {
			return "", errors.New("the two passwords differ")
		}
		return first, nil
	}
	line, err := bufio.NewReader(io.LimitReader(t.stdin, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password from standard input: %w", err)
	}
	text, problem := config.PlainText([]byte(line))
	if problem != "" {
		return "", errors.New("the password on standard input " + problem)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}

func (t *terminal) prompt(fd int, question string) (string, error) {
	fmt.Fprint(t.stderr, question)
	answer, err := term.ReadPassword(fd)
	fmt.Fprintln(t.stderr)
	return string(answer), err
}

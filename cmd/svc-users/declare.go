package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/declare"
	"github.com/svc-users/svc-users/internal/manifest"
)

// declarationFile is what plan and apply are about.
type declarationFile struct {
	File  string `arg:"" placeholder:"FILE" help:"The declaration as YAML or JSON; - is standard input. See docs/declarations.md."`
	Prune bool   `help:"Take away what the service owns and no longer declares."`
}

type planCommand struct{ declarationFile }

// Run shows what apply would do. It changes nothing.
func (cmd *planCommand) Run(t *terminal) error {
	plan, err := cmd.run(t, (*manifest.Manifest).Plan)
	if err != nil {
		return err
	}
	showPlan(t.stdout, plan)
	fmt.Fprintln(t.stdout, summarizePlan(plan, "nothing to do", "to create", "to change", "to take away"))
	return nil
}

type applyCommand struct{ declarationFile }

// Run makes the database agree with the declaration, and shows what that was once it is certain.
func (cmd *applyCommand) Run(t *terminal) error {
	plan, err := cmd.run(t, (*manifest.Manifest).Apply)
	if err != nil {
		return err
	}
	showPlan(t.stdout, plan)
	fmt.Fprintln(t.stdout, summarizePlan(plan, "nothing to do", "created", "changed", "taken away"))
	return nil
}

// run reads the file and hands it to one of the two methods, as the operator.
func (f *declarationFile) run(t *terminal, do func(*manifest.Manifest, context.Context, users.Caller, manifest.Declaration) (manifest.Plan, error)) (manifest.Plan, error) {
	cfg, err := t.settings(nil)
	if err != nil {
		return manifest.Plan{}, err
	}
	file, err := f.read(t)
	if err != nil {
		return manifest.Plan{}, err
	}
	a, err := t.openExisting(cfg)
	if err != nil {
		return manifest.Plan{}, err
	}
	ports := a.Ports
	ports.Operator = true
	file.Prune = f.Prune
	plan, err := do(manifest.New(users.New(ports)), t.ctx, users.AsOperator(), file.Declaration)
	return plan, errors.Join(f.located(file, err), a.Close())
}

// name is how the file is called in messages.
func (f *declarationFile) name() string {
	if f.File == "-" {
		return "standard input"
	}
	return f.File
}

func (f *declarationFile) read(t *terminal) (*declare.File, error) {
	in := t.stdin
	if f.File != "-" {
		var err error
		if in, err = os.Open(f.File); err != nil {
			return nil, err
		}
		defer in.Close()
	}
	raw, err := io.ReadAll(io.LimitReader(in, declare.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.name(), err)
	}
	file, err := declare.Read(raw)
	var syntax *declare.SyntaxError
	if errors.As(err, &syntax) && syntax.Line > 0 {
		return nil, fmt.Errorf("%s:%d: %w", f.name(), syntax.Line, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name(), err)
	}
	return file, nil
}

// maxFaultsShown keeps one line readable.
const maxFaultsShown = 10

// located says where in the file each fault is.
func (f *declarationFile) located(file *declare.File, err error) error {
	var refused *users.Error
	if !errors.As(err, &refused) {
		return err
	}
	if len(refused.Faults) == 0 {
		return fmt.Errorf("%s: %w", f.name(), err)
	}
	var parts []string
	for i, fault := range refused.Faults {
		if i == maxFaultsShown {
			parts = append(parts, fmt.Sprintf("and %d more", len(refused.Faults)-i))
			break
		}
		what := strings.TrimSpace(fault.Field + " " + fault.Problem)
		parts = append(parts, fmt.Sprintf("%s:%d: %s", f.name(), file.Line(fault.Field), what))
	}
	return errors.New(strings.Join(parts, "; "))
}

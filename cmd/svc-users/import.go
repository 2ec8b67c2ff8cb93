package main

import (
	"errors"
	"fmt"
	"strings"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/importer"
)

type importCommand struct {
	File        string `arg:"" optional:"" placeholder:"FILE" help:"The export; - is standard input. See docs/import.md."`
	FromFastapi string `name:"from-fastapi" placeholder:"DATABASE_URL" help:"Take over the database of the FastAPI service that this one replaces, in place of a file. A password is best left to PGPASSWORD or ~/.pgpass."`
	Format      string `enum:",jsonl,csv,keycloak,auth0,firebase,supabase,django" default:"" placeholder:"FORMAT" help:"The format of the file, which is otherwise detected: jsonl, csv, keycloak, auth0, firebase, supabase or django."`
	DryRun      bool   `help:"Say for each account what would become of it, and change nothing."`
	Report      string `placeholder:"FILE" help:"Write what became of each account there, as a JSON object in each line."`

	Role        string   `placeholder:"ROLE" help:"The role of accounts without one."`
	RoleMap     []string `sep:"none" placeholder:"NAME=ROLE" help:"A role here for a name in the file; NAME= leaves it out. May be repeated."`
	CreateRoles bool     `help:"Create the roles that do not exist, without permissions."`
	AllowRole   []string `sep:"none" placeholder:"ROLE" help:"A role with permissions of this service itself, such as Admin, that may be given. May be repeated."`

	AllowUnusable   bool `help:"Import accounts without a password, or with a hash that can't be read: no password is right until they get one."`
	AllowUnverified bool `help:"Import accounts whose e-mail is not verified there."`
	WithoutTotp     bool `name:"without-totp" help:"Leave out second factors."`

	Auth0Passwords string `name:"auth0-passwords" placeholder:"FILE" help:"The file of password hashes that Auth0 has given for the users of its export."`
	FirebaseConfig string `name:"firebase-config" placeholder:"FILE" help:"The password hash parameters of the project, as the Firebase console shows them."`
	TimeZone       string `name:"time-zone" placeholder:"ZONE" help:"With --from-fastapi: the time zone of its times, such as Europe/Madrid."`
}

// Run imports accounts into the database of the settings, which must exist and be up to date.
func (cmd *importCommand) Run(t *terminal) error {
	if (cmd.File == "") == (cmd.FromFastapi == "") {
		return errors.New("name a FILE, or --from-fastapi DATABASE_URL in its place")
	}
	options, err := cmd.options()
	if err != nil {
		return err
	}
	source, err := cmd.open(t)
	if err != nil {
		return err
	}
	defer source.close()
	return t.withKeyring(true, func(a *app.App) error {
		out, err := newImportOutput(t, cmd.Report, cmd.DryRun, source)
		if err != nil {
			return err
		}
		summary, err := source.run(a.Importer, options, out.result)
		return out.finish(summary, err)
	})
}

// options are those of the flags.
func (cmd *importCommand) options() (importer.Options, error) {
	o := importer.Options{
		DryRun: cmd.DryRun, DefaultRole: users.RoleName(cmd.Role), RoleNames: map[string]users.RoleName{}, CreateRoles: cmd.CreateRoles,
		AllowUnusable: cmd.AllowUnusable, AllowUnverified: cmd.AllowUnverified, WithoutTOTP: cmd.WithoutTotp,
	}
	for _, pair := range cmd.RoleMap {
		at := strings.LastIndexByte(pair, '=')
		if at < 1 {
			return o, fmt.Errorf("--role-map %q is not of the form NAME=ROLE", pair)
		}
		name, role := pair[:at], pair[at+1:]
		for given := range o.RoleNames {
			if strings.EqualFold(given, name) {
				return o, fmt.Errorf("--role-map names %q twice", name)
			}
		}
		o.RoleNames[name] = users.RoleName(role)
	}
	for _, role := range cmd.AllowRole {
		o.AllowedRoles = append(o.AllowedRoles, users.RoleName(role))
	}
	return o, nil
}

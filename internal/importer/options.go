package importer

import (
	"strings"

	users "github.com/svc-users/svc-users"
)

// Options say how records become accounts.
type Options struct {
	// DryRun finds out what would happen, and changes nothing.
	DryRun bool
	// DefaultRole is that of records without one; empty: they are refused.
	DefaultRole users.RoleName
	// RoleNames are roles of ours by names that the export has, in any case. An empty role leaves out the name.
	RoleNames map[string]users.RoleName
	// CreateRoles creates the roles that do not exist, without permissions; else their records are refused.
	CreateRoles bool
	// AllowedRoles are the roles with permissions of this service itself, Admin among them, that may be given. No other is,
	// so that an export does not make administrators by the names it has.
	AllowedRoles []users.RoleName
	// AllowUnusable imports accounts without a password, or with a hash that can't be read, so that no password is right.
	AllowUnusable bool
	// AllowUnverified imports accounts whose e-mail the other system has not verified.
	AllowUnverified bool
	// WithoutTOTP leaves out second factors.
	WithoutTOTP bool
}

// roleName is what a name of the export stands for, and false for one that is left out.
func (o Options) roleName(name string) (string, bool) {
	for from, to := range o.RoleNames {
		if strings.EqualFold(from, name) {
			return string(to), to != ""
		}
	}
	return name, true
}

func (o Options) allows(role users.RoleName) bool {
	for _, allowed := range o.AllowedRoles {
		if allowed.Key() == role.Key() {
			return true
		}
	}
	return false
}

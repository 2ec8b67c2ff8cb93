package manifest

import (
	"strconv"

	users "github.com/svc-users/svc-users"
)

// Declaration is what a service says about itself: the permissions it asks for, the roles it offers and the accounts of its
// programs. It is kept by the service's people and brought to us whole; what the database has is then made to agree with it.
type Declaration struct {
	Service string
	// Audience is the audience that tokens for the service can be asked for, and PermissionPrefix what the names of the
	// permissions begin with that such a token has; nil, both of them, where there is none.
	Audience         *string
	PermissionPrefix *string

	Permissions     []DeclaredPermission
	Roles           []DeclaredRole
	ServiceAccounts []DeclaredServiceAccount
	// Prune takes away what the service owns and no longer declares.
	Prune bool
	Found users.Faults
}

// DeclaredPermission is a permission as the document has it. What is not said of it is declared to be empty.
type DeclaredPermission struct {
	Name        string
	Description *string
}

// DeclaredRole is a role as the document has it, with the names of what it inherits from and holds.
type DeclaredRole struct {
	Name        string
	Description *string
	Parent      *string // nil is none
	Permissions []string
}

// DeclaredServiceAccount is a service account as the document has it, with the name of its role.
type DeclaredServiceAccount struct {
	Name        string
	Description *string
	Role        string
}

// maxDeclarationFaults is where reading stops: more are not mended at a time, and looking for all of them has no bound.
const maxDeclarationFaults = 1000

// declared is a Declaration whose fields have been read.
type declared struct {
	owner       users.ServiceName
	audience    users.Audience // zero is none
	permissions []declaredPermission
	roles       []declaredRole
	services    []declaredService
	prune       bool
}

type declaredPermission struct {
	name        users.PermissionName
	description *string
}

type declaredRole struct {
	name        users.RoleName
	description *string
	parent      users.RoleName // empty is none
	permissions []users.PermissionName
	path        string // in the document
}

// read reads the fields and notes what is wrong with them, whatever the database has.
func (in Declaration) read(f *users.Faults) declared {
	d := declared{prune: in.Prune}
	if !f.Has("service") {
		var err error
		if d.owner, err = users.ParseServiceName(in.Service); err != nil {
			f.Add("service", err.Error())
		}
	}
	d.audience = in.readAudience(f, d.owner)
	permissions := map[users.PermissionName]bool{}
	for i, p := range in.Permissions {
		if len(*f) >= maxDeclarationFaults {
			return d
		}
		at := "permissions." + strconv.Itoa(i)
		if f.Has(at) {
			continue
		}
		name := f.PermissionName(at+".name", p.Name)
		noDuplicate(f, permissions, at+".name", name)
		d.permissions = append(d.permissions, declaredPermission{name, f.Description(at+".description", p.Description)})
	}
	roles := map[string]bool{}
	for i, r := range in.Roles {
		if len(*f) >= maxDeclarationFaults {
			return d
		}
		at := "roles." + strconv.Itoa(i)
		if f.Has(at) {
			continue
		}
		role := declaredRole{name: f.RoleName(at+".name", r.Name), description: f.Description(at+".description", r.Description), path: at}
		noDuplicate(f, roles, at+".name", role.name.Key())
		if r.Parent != nil {
			role.parent = f.RoleName(at+".parent", *r.Parent)
		}
		held := map[users.PermissionName]bool{}
		for j, s := range r.Permissions {
			if len(*f) >= maxDeclarationFaults {
				return d
			}
			at := at + ".permissions." + strconv.Itoa(j)
			name := f.PermissionName(at, s)
			noDuplicate(f, held, at, name)
			role.permissions = append(role.permissions, name)
		}
		d.roles = append(d.roles, role)
	}
	d.services = in.readServices(f)
	return d
}

// readAudience reads the audience of the service, zero if there is none.
func (in Declaration) readAudience(f *users.Faults, owner users.ServiceName) users.Audience {
	switch {
	case in.Audience == nil && in.PermissionPrefix == nil:
		return users.Audience{}
	case in.Audience == nil:
		f.Add("audience", "is required with permission_prefix")
		return users.Audience{}
	case in.PermissionPrefix == nil:
		f.Add("permission_prefix", "is required with audience")
		return users.Audience{}
	}
	a := users.Audience{Owner: owner}
	var err error
	if a.Name, err = users.ParseAudienceName(*in.Audience); err != nil {
		f.Add("audience", err.Error())
	}
	if a.Prefix, err = users.ParsePermissionPrefix(*in.PermissionPrefix); err != nil {
		f.Add("permission_prefix", err.Error())
	}
	return a
}

// noDuplicate notes a name that the document has had before. What could not be read is empty, and no name.
func noDuplicate[N ~string](f *users.Faults, seen map[N]bool, at string, name N) {
	if name != "" && seen[name] {
		f.Add(at, "is a duplicate")
	}
	seen[name] = true
}

package users

import (
	"slices"
	"strings"
)

// reservedResources are what names of system permissions begin with, before the colon: those there are, and those that
// later versions will need. What could be taken in advance would become the system's with its holders.
var reservedResources = []string{
	"accounts", "roles", "permissions", "tokens", "changes", "sessions", "keys", "audit", "clients", "webhooks",
	"throttles", "service-accounts", "api-keys", "factors", "settings",
}

// resource is what stands before the first colon of a name, if it has one.
func (p PermissionName) resource() (string, bool) {
	resource, _, found := strings.Cut(string(p), ":")
	return resource, found
}

// CheckPermissionName is ErrConflict for a new name that is reserved. Names are compared by machines, exactly; but roles
// are put together by people, to whom Accounts:read and acc0unts:read say what accounts:read does. So a resource that
// looks like a reserved one, in whatever case, is reserved too. A name that exists is the Store's to refuse, or stays.
func (k Skeleton) CheckPermissionName(g *Graph, name PermissionName) error {
	resource, found := name.resource()
	if _, exists := g.PermissionByName(name); exists || !found {
		return nil
	}
	for _, reserved := range reservedResources {
		if k.imitates(resource, reserved) {
			return conflict("Names that begin with " + reserved + ": or look so are reserved for this service's own permissions; choose another, such as " +
				"app:" + string(name))
		}
	}
	return nil
}

// maxNamesTold keeps a sentence readable.
const maxNamesTold = 10

// takenFromSystem is ErrConflict where permissions have names that are reserved to the letter and are not the system's:
// of the time before they were reserved, or made by SQL. Those that only look so cannot become the system's.
func (g *Graph) takenFromSystem() error {
	var names, quoted []string
	for _, p := range g.permissions {
		if resource, _ := p.Name.resource(); !p.System && slices.Contains(reservedResources, resource) {
			names = append(names, string(p.Name))
			quoted = append(quoted, "'"+strings.ReplaceAll(string(p.Name), "'", "''")+"'")
		}
	}
	if len(names) == 0 {
		return nil
	}
	more := ""
	if len(names) > maxNamesTold {
		names, quoted, more = names[:maxNamesTold], quoted[:maxNamesTold], " and others"
	}
	return conflict("The database has permissions whose names are reserved for this service's own: " + strings.Join(names, ", ") + more +
		". Rename them with the version that ran before, or with SQL (UPDATE permissions SET name = 'app:' || name WHERE name IN (" +
		strings.Join(quoted, ", ") + ")), let the services that ask for them use the new names, and start again.")
}

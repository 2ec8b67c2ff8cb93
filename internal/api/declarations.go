package api

import (
	"context"
	"net/http"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/manifest"
	"github.com/svc-users/svc-users/internal/web"
)

// Declaration is the body that says what a service asks for and offers: the document of docs/declarations.md.
type Declaration struct {
	Service         string                   `json:"service" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"Name of the service, which owns what it declares" example:"orders"`
	Audience        web.Nullable             `json:"audience,omitempty" minLength:"1" maxLength:"96" pattern:"^[!#-\\[\\]-~]+$" doc:"What tokens for the service can be asked for: a URI, or a plain name. Needs permission_prefix; absent or null is none" example:"orders"`
	Prefix          web.Nullable             `json:"permission_prefix,omitempty" minLength:"1" maxLength:"32" pattern:"^[!#-\\[\\]-~]+$" doc:"What the names of the permissions begin with that such a token has; it ends in a separator" example:"orders:"`
	Permissions     []DeclaredPermission     `json:"permissions,omitempty" maxItems:"1000" nullable:"false" doc:"Each name once"`
	Roles           []DeclaredRole           `json:"roles,omitempty" maxItems:"1000" nullable:"false" doc:"Each name once, without regard to case; in any order"`
	ServiceAccounts []DeclaredServiceAccount `json:"service_accounts,omitempty" maxItems:"1000" nullable:"false" doc:"Each name once"`
	Prune           *bool                    `json:"prune,omitempty" doc:"Take away what the service owns and does not declare"`
}

// DeclaredPermission is a permission of a declaration.
type DeclaredPermission struct {
	Name        string       `json:"name" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"An OAuth scope token (RFC 6749 §3.3), case-sensitive" example:"orders:read"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255" doc:"Absent is null"`
}

// DeclaredRole is a role of a declaration.
type DeclaredRole struct {
	Name        string       `json:"name" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$" example:"Clerk"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255" doc:"Absent is null"`
	Parent      web.Nullable `json:"parent,omitempty" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$" doc:"Name of the role to inherit from: one that exists or is declared too; absent or null is none"`
	Permissions []string     `json:"permissions,omitempty" maxItems:"1000" nullable:"false" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"Names of what is assigned to this very role: of permissions that exist or are declared too, each once"`
}

// DeclaredServiceAccount is a service account of a declaration.
type DeclaredServiceAccount struct {
	Name        string       `json:"name" minLength:"1" maxLength:"100" pattern:"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$" example:"orders-worker"`
	Description web.Nullable `json:"description,omitempty" maxLength:"255" doc:"Absent is null"`
	Role        string       `json:"role" minLength:"1" maxLength:"100" pattern:"^\\S(.*\\S)?$" doc:"Name of its role: one that exists or is declared too"`
}

// Plan is the way from what there is to what a declaration says.
type Plan struct {
	Service  string          `json:"service"`
	Changes  []PlannedChange `json:"changes" nullable:"false" doc:"In the order in which they are made; empty when all is as declared"`
	Orphaned []Orphan        `json:"orphaned" nullable:"false" doc:"What the service owns and does not declare; empty with prune, which makes changes of it"`
}

// PlannedChange is one change of a plan.
type PlannedChange struct {
	Action  string `json:"action" enum:"create,change,assign,unassign,delete"`
	Kind    string `json:"kind" enum:"permission,role,assignment,audience,service_account"`
	Name    string `json:"name" doc:"Of the permission, role, audience or service account; of the role, where it is an assignment"`
	Details string `json:"details" doc:"What else there is to say, for people; the name of the permission, where it is an assignment"`
}

// Orphan is a thing that its owner no longer declares.
type Orphan struct {
	Kind    string `json:"kind" enum:"permission,role,assignment,audience,service_account"`
	Name    string `json:"name" doc:"As in a change"`
	Details string `json:"details" doc:"As in a change"`
}

func toPlan(p manifest.Plan) Plan {
	return Plan{
		Service: string(p.Service),
		Changes: web.MapSlice(p.Changes, func(c manifest.PlannedChange) PlannedChange {
			return PlannedChange{string(c.Action), string(c.Kind), c.Name, c.Details}
		}),
		Orphaned: web.MapSlice(p.Orphaned, func(o manifest.Orphan) Orphan { return Orphan{string(o.Kind), o.Name, o.Details} }),
	}
}

func declarationRoutes(m *manifest.Manifest) []web.Route {
	const tag, path = "Declarations", "/api/v1/declarations/"
	request := web.Object{
		"service": "orders", "audience": "orders", "permission_prefix": "orders:",
		"permissions": []web.Object{{"name": "orders:read", "description": "Read orders"}},
		"roles":       []web.Object{{"name": "Clerk", "parent": nil, "permissions": []string{"orders:read"}}},
		"prune":       false,
	}
	example := Plan{
		Service: "orders",
		Changes: []PlannedChange{
			{"create", "permission", "orders:read", `"Read orders"`},
			{"create", "role", "Clerk", ""},
			{"assign", "assignment", "Clerk", "orders:read"},
			{"create", "audience", "orders", "permission_prefix orders:"},
		},
		Orphaned: []Orphan{{"permission", "orders:archive", ""}},
	}
	// Both take the same and answer the same; do is the method of the Manifest that does it.
	with := func(r web.Route, do func(context.Context, users.Caller, manifest.Declaration) (manifest.Plan, error)) web.Route {
		r.Method, r.Permission, r.Also, r.Tag = http.MethodPost, users.RolesRead, users.PermissionsRead, tag
		r.BodyLimit = web.DeclarationBody
		r.Fails, r.Request, r.Example = []int{http.StatusConflict}, request, example
		return web.Body(r, func(x *web.Exchange, in Declaration) (Plan, error) {
			plan, err := do(x.Context(), x.Caller, in.declaration(x.Found))
			return toPlan(plan), err
		})
	}
	return []web.Route{
		with(web.Route{
			Path: path + "plan", Auth: web.AuthBearerOrKey, Name: "planDeclaration", Summary: "Plan a declaration: show what applying it would change",
			Description: "Changes nothing. Whether the caller may make each change is decided when it is applied. A name that belongs to another service, or to the system, is refused.",
			Message:     "Declaration planned successfully",
		}, m.Plan),
		with(web.Route{
			Path: path + "apply", Auth: web.AuthBearer, Name: "applyDeclaration", Summary: "Apply a declaration of roles and permissions",
			Description: "All of it or nothing, and each change under the rules of the operation that makes it alone: its permission, and a caller cannot grant what the caller does not hold. What the service owns and does not declare is taken away only with `prune`.",
			Message:     "Declaration applied successfully",
		}, m.Apply),
	}
}

func (in Declaration) declaration(found users.Faults) manifest.Declaration {
	return manifest.Declaration{
		Service: in.Service, Audience: in.Audience.To, PermissionPrefix: in.Prefix.To,
		Permissions: web.MapSlice(in.Permissions, func(p DeclaredPermission) manifest.DeclaredPermission {
			return manifest.DeclaredPermission{Name: p.Name, Description: p.Description.To}
		}),
		Roles: web.MapSlice(in.Roles, func(r DeclaredRole) manifest.DeclaredRole {
			return manifest.DeclaredRole{Name: r.Name, Description: r.Description.To, Parent: r.Parent.To, Permissions: r.Permissions}
		}),
		ServiceAccounts: web.MapSlice(in.ServiceAccounts, func(s DeclaredServiceAccount) manifest.DeclaredServiceAccount {
			return manifest.DeclaredServiceAccount{Name: s.Name, Description: s.Description.To, Role: s.Role}
		}),
		Prune: in.Prune != nil && *in.Prune,
		Found: found,
	}
}

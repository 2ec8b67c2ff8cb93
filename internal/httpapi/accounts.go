package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
)

// Account is an account as answers show it. It has no field that a password or a hash could be in.
type Account struct {
	ID        string    `json:"id" format:"uuid"`
	Email     string    `json:"email" doc:"As it was typed"`
	RoleID    string    `json:"role_id" format:"uuid"`
	Role      PlainRole `json:"role"`
	IsActive  bool      `json:"is_active" doc:"False while the account is disabled"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (a Account) location() string { return "/api/v1/accounts/" + a.ID }

func (a Account) identity() string { return a.ID }

func accountOf(a users.Account) Account {
	return Account{
		ID:        a.ID.String(),
		Email:     a.Email.String(),
		RoleID:    a.Role.ID.String(),
		Role:      plainRoleOf(a.Role),
		IsActive:  a.Active,
		CreatedAt: a.CreatedAt.UTC(),
		UpdatedAt: a.UpdatedAt.UTC(),
	}
}

// AccountCreation is the body that creates an account.
type AccountCreation struct {
	Email    string `json:"email" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+[.。．｡][^@\\s]+$" doc:"One bare address with a dotted domain, at most 254 bytes" example:"ada@example.com"`
	Password string `json:"password" format:"password" minLength:"8" maxLength:"256" doc:"8 to 256 characters, counted in NFC" example:"correct horse battery"`
	RoleID   string `json:"role_id" format:"uuid" doc:"The caller must hold all that this role holds"`
	IsActive *bool  `json:"is_active,omitempty" default:"true"`
}

// AccountPatch is the body that changes an account; an absent member leaves its field alone.
type AccountPatch struct {
	Email    *string `json:"email,omitempty" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+[.。．｡][^@\\s]+$" doc:"Not one's own: see /api/v1/auth/email"`
	Password *string `json:"password,omitempty" format:"password" minLength:"8" maxLength:"256" doc:"Not one's own: see /api/v1/auth/password"`
	RoleID   *string `json:"role_id,omitempty" format:"uuid"`
	IsActive *bool   `json:"is_active,omitempty" doc:"False disables the account and kills its tokens for good"`
}

func (a *api) accountRoutes() []route {
	const tag, list, one = "Accounts", "/api/v1/accounts", "/api/v1/accounts/{id}"
	return []route{
		listed(route{
			method: http.MethodGet, path: list, permission: users.AccountsRead,
			name: "listAccounts", tag: tag, summary: "List accounts", message: "Accounts retrieved successfully",
			description: listDescription,
			params: append([]*huma.Param{
				queryParam("email", "Only the account of this very address, compared in canonical form.", &huma.Schema{Type: "string", MaxLength: ptr(254), Pattern: emailPattern}),
				searchParamDoc("the e-mail"),
				queryParam("role_id", "Only accounts with this very role.", &huma.Schema{Type: "string", Format: "uuid"}),
				queryParam("is_active", "Only accounts that are active, or that are not.", &huma.Schema{Type: "boolean"}),
			}, listParams("email")...),
			example: []Account{exampleAccount},
		}, a.listAccounts),
		reading(route{
			method: http.MethodPost, path: list, permission: users.AccountsCreate, shownTo: users.AccountsRead,
			name: "createAccount", tag: tag, summary: "Create an account",
			description: "The caller must hold everything that the role holds.",
			status:      http.StatusCreated, message: "Account created successfully", fails: []int{http.StatusConflict},
			request: object{"email": "ada@example.com", "password": "correct horse battery", "role_id": exampleRoleID},
			example: exampleAccount,
		}, a.createAccount),
		asking(route{
			method: http.MethodGet, path: one, permission: users.AccountsRead,
			name: "getAccount", tag: tag, summary: "Read an account", message: "Account retrieved successfully",
			description: "With its own role, and never with a password or a hash.",
			example:     exampleAccount,
		}, a.getAccount),
		reading(rehearsable(route{
			method: http.MethodPatch, path: one, permission: users.AccountsUpdate, shownTo: users.AccountsRead,
			name: "updateAccount", tag: tag, summary: "Change an account",
			description: "An absent member leaves its field alone. The last active administrator can be neither disabled nor given another role.",
			message:     "Account updated successfully", fails: []int{http.StatusConflict},
			request: object{"is_active": false}, example: exampleAccount,
		}), a.updateAccount),
		deleting(route{
			method: http.MethodDelete, path: one, permission: users.AccountsDelete,
			name: "deleteAccount", tag: tag, summary: "Delete an account", message: "Account deleted successfully",
			description: "Its tokens are dead at once. The last active administrator can't be deleted.",
			fails:       []int{http.StatusConflict},
		}, func(x *exchange) error { return a.Service.DeleteAccount(x.ctx, x.caller, x.pathID()) }),
	}
}

func (a *api) listAccounts(x *exchange) ([]Account, any, error) {
	filter := users.AccountFilter{
		Email: x.emailParam("email"), Query: users.EmailQuery(x.searchParam("q")), RoleID: x.idParam("role_id"), Active: x.flagParam("is_active"),
	}
	role, active := "", ""
	if !filter.RoleID.IsZero() {
		role = filter.RoleID.String()
	}
	if filter.Active != nil {
		active = strconv.FormatBool(*filter.Active)
	}
	l := x.listing("accounts", "email", filter.Email.Canonical(), filter.Query, role, active)
	if err := x.found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := a.Service.Accounts(x.ctx, x.caller, filter, l.paging)
	if err != nil {
		return nil, nil, err
	}
	return each(page.Items, accountOf), x.meta(l, page.Next, page.Total, page.Exact), nil
}

func (a *api) createAccount(x *exchange, in AccountCreation) (Account, error) {
	account, err := a.Service.CreateAccount(x.ctx, x.caller, users.NewAccount{
		Email: in.Email, Password: in.Password, RoleID: in.RoleID, Active: in.IsActive, Found: x.found,
	})
	return accountOf(account), err
}

func (a *api) getAccount(x *exchange) (Account, error) {
	account, err := a.Service.Account(x.ctx, x.caller, x.pathID())
	return accountOf(account), err
}

func (a *api) updateAccount(x *exchange, in AccountPatch) (Account, error) {
	account, err := x.service.UpdateAccount(x.ctx, x.caller, x.pathID(), users.AccountPatch{
		Email: in.Email, Password: in.Password, RoleID: in.RoleID, Active: in.IsActive, Found: x.found,
	})
	return accountOf(account), err
}

// each maps a list; the result is never nil, so that it is [] and not null on the wire.
func each[T, Out any](list []T, f func(T) Out) []Out {
	out := make([]Out, len(list))
	for i, item := range list {
		out[i] = f(item)
	}
	return out
}

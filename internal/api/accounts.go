package api

import (
	"net/http"
	"strconv"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
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

// Location implements web.Located.
func (a Account) Location() string { return "/api/v1/accounts/" + a.ID }

// Identity implements web.Identified.
func (a Account) Identity() string { return a.ID }

// IsOwnedBy implements web.Owned: an account is its own.
func (a Account) IsOwnedBy(account users.ID) bool { return a.ID == account.String() }

func toAccount(a users.Account) Account {
	return Account{
		ID:        a.ID.String(),
		Email:     a.Email.String(),
		RoleID:    a.Role.ID.String(),
		Role:      toPlainRole(a.Role),
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

// emailPattern is that of the tags above. It refuses nothing that is taken, and most of what is 422; the rest takes
// more than a pattern to say. It knows the dots that IDNA takes for one (RFC 3490 §3.1).
const emailPattern = "^[^@\\s]+@[^@\\s]+[.。．｡][^@\\s]+$"

func accountRoutes() []web.Route {
	const tag, list, one = "Accounts", "/api/v1/accounts", "/api/v1/accounts/{id}"
	return []web.Route{
		web.List(web.Route{
			Method: http.MethodGet, Path: list, Auth: web.AuthBearerOrKey, Permission: users.AccountsRead,
			Name: "listAccounts", Tag: tag, Summary: "List accounts", Message: "Accounts retrieved successfully",
			Description: web.ListDescription,
			Params: append([]*web.Param{
				web.DescribeQueryParam("email", "Only the account of this very address, compared in canonical form.", &web.Schema{Type: "string", MaxLength: new(254), Pattern: emailPattern}),
				web.DescribeSearchParam("the e-mail"),
				web.DescribeQueryParam("role_id", "Only accounts with this very role.", &web.Schema{Type: "string", Format: "uuid"}),
				web.DescribeQueryParam("is_active", "Only accounts that are active, or that are not.", &web.Schema{Type: "boolean"}),
			}, web.DescribeListParams("email")...),
			Example: []Account{exampleAccount},
		}, listAccounts),
		web.Body(web.Route{
			Method: http.MethodPost, Path: list, Auth: web.AuthBearer, Permission: users.AccountsCreate, ShownTo: users.AccountsRead,
			Name: "createAccount", Tag: tag, Summary: "Create an account",
			Description: "The caller must hold everything that the role holds.",
			Status:      http.StatusCreated, Message: "Account created successfully", Fails: []int{http.StatusConflict, http.StatusTooManyRequests},
			Request: web.Object{"email": "ada@example.com", "password": "correct horse battery", "role_id": web.ExampleRoleID},
			Example: exampleAccount,
		}, createAccount),
		web.Get(web.Route{
			Method: http.MethodGet, Path: one, Auth: web.AuthBearerOrKey, Permission: users.AccountsRead,
			Name: "getAccount", Tag: tag, Summary: "Read an account", Message: "Account retrieved successfully",
			Description: "With its own role, and never with a password or a hash.",
			Example:     exampleAccount,
		}, getAccount),
		web.Body(web.DryRunnable(web.Route{
			Method: http.MethodPatch, Path: one, Auth: web.AuthBearer, Permission: users.AccountsUpdate, ShownTo: users.AccountsRead,
			Name: "updateAccount", Tag: tag, Summary: "Change an account",
			Description: "An absent member leaves its field alone. The last active administrator can be neither disabled nor given another role.",
			Message:     "Account updated successfully", Fails: []int{http.StatusConflict},
			Request: web.Object{"is_active": false}, Example: exampleAccount,
		}), updateAccount),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: one, Auth: web.AuthBearerOrKey, Permission: users.AccountsDelete,
			Name: "deleteAccount", Tag: tag, Summary: "Delete an account", Message: "Account deleted successfully",
			Description: "Its tokens are dead at once. The last active administrator can't be deleted.",
			Fails:       []int{http.StatusConflict},
		}, func(x *web.Exchange) error { return x.Service.DeleteAccount(x.Context(), x.Caller, x.PathID()) }),
	}
}

func listAccounts(x *web.Exchange) ([]Account, any, error) {
	filter := users.AccountFilter{
		Email: x.EmailParam("email"), Query: users.EmailQuery(x.SearchParam("q")), RoleID: x.IDParam("role_id"), Active: x.FlagParam("is_active"),
	}
	role, active := "", ""
	if !filter.RoleID.IsZero() {
		role = filter.RoleID.String()
	}
	if filter.Active != nil {
		active = strconv.FormatBool(*filter.Active)
	}
	l := x.ReadListing("accounts", "email", filter.Email.Canonical(), filter.Query, role, active)
	if err := x.Found.Err(); err != nil {
		return nil, nil, err
	}
	page, err := x.Service.Accounts(x.Context(), x.Caller, filter, l.Paging)
	if err != nil {
		return nil, nil, err
	}
	return web.MapSlice(page.Items, toAccount), x.DescribeList(l, page.Next, page.Total, page.Exact), nil
}

func createAccount(x *web.Exchange, in AccountCreation) (Account, error) {
	account, err := x.Service.CreateAccount(x.Context(), x.Caller, users.NewAccount{
		Email: in.Email, Password: in.Password, RoleID: in.RoleID, Active: in.IsActive, Found: x.Found,
	})
	return toAccount(account), err
}

func getAccount(x *web.Exchange) (Account, error) {
	account, err := x.Service.Account(x.Context(), x.Caller, x.PathID())
	return toAccount(account), err
}

func updateAccount(x *web.Exchange, in AccountPatch) (Account, error) {
	account, err := x.Service.UpdateAccount(x.Context(), x.Caller, x.PathID(), users.AccountPatch{
		Email: in.Email, Password: in.Password, RoleID: in.RoleID, Active: in.IsActive, Found: x.Found,
	})
	return toAccount(account), err
}

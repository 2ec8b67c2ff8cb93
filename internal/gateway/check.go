package gateway

import (
	"net/http"
	"strconv"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// PermissionCheck is the body that asks which permissions an account has.
type PermissionCheck struct {
	Permissions []string `json:"permissions" nullable:"false" minItems:"1" maxItems:"1000" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"Names; no account has a permission that does not exist" example:"[\"reports:read\"]"`
	AccountID   *string  `json:"account_id,omitempty" format:"uuid" doc:"Whose they are; needs accounts:read. Without it: the caller's own" example:"019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"`
}

// Checked says what an account may do now.
type Checked struct {
	AccountID   string              `json:"account_id" format:"uuid"`
	IsActive    bool                `json:"is_active" doc:"A disabled account has no permission"`
	Allowed     bool                `json:"allowed" doc:"Whether all of them are allowed"`
	Permissions []CheckedPermission `json:"permissions" nullable:"false" doc:"As they were asked for, in that order"`
}

// CheckedPermission is the answer about one permission.
type CheckedPermission struct {
	Name    string `json:"name"`
	Allowed bool   `json:"allowed"`
}

func toChecked(r users.CheckResult) Checked {
	return Checked{
		AccountID: r.Account.ID.String(), IsActive: r.Account.Active, Allowed: r.All(),
		Permissions: web.MapSlice(r.Permissions, func(p users.CheckedPermission) CheckedPermission {
			return CheckedPermission{Name: string(p.Name), Allowed: p.Allowed}
		}),
	}
}

// AppendJSON writes the answer out by hand: services ask with each request of their own, a hundred names at a time.
func (c Checked) AppendJSON(b []byte) ([]byte, error) {
	b, err := web.AppendText(append(b, `{"account_id":`...), c.AccountID)
	if err != nil {
		return b, err
	}
	b = strconv.AppendBool(append(b, `,"is_active":`...), c.IsActive)
	b = strconv.AppendBool(append(b, `,"allowed":`...), c.Allowed)
	b = append(b, `,"permissions":[`...)
	for i, p := range c.Permissions {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = web.AppendText(append(b, `{"name":`...), p.Name); err != nil {
			return b, err
		}
		b = append(strconv.AppendBool(append(b, `,"allowed":`...), p.Allowed), '}')
	}
	return append(b, "]}"...), nil
}

func checkRoutes() []web.Route {
	const tag = "Authorization"
	return []web.Route{
		web.Body(web.Route{
			Method: http.MethodPost, Path: "/api/v1/auth/check", Auth: web.AuthAnyBearer, BodyLimit: web.NamesBody,
			Name: "checkPermissions", Tag: tag, Summary: "Check permissions of the caller or of another account",
			Description: "To ask about an account by its id, one's own too, needs the permission `accounts:read`. An unknown account is 422.",
			Message:     "Permissions checked successfully", Fails: []int{http.StatusForbidden},
			Request: web.Object{"permissions": []string{"reports:read", "reports:write"}},
			Example: Checked{
				AccountID: web.ExampleAccountID, IsActive: true,
				Permissions: []CheckedPermission{{"reports:read", true}, {"reports:write", false}},
			},
		}, checkPermissions),
	}
}

func checkPermissions(x *web.Exchange, in PermissionCheck) (Checked, error) {
	result, err := x.Service.Check(x.Context(), x.Caller, users.PermissionCheck{
		AccountID: in.AccountID, Permissions: in.Permissions, Found: x.Found,
	})
	if err != nil {
		return Checked{}, err
	}
	x.LogAtDebug = true // services send it again and again; only failures are worth a line
	return toChecked(result), nil
}

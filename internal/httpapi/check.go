package httpapi

import (
	"net/http"
	"strconv"

	"github.com/svc-users/svc-users"
)

// PermissionCheck is the body that asks which permissions somebody has.
type PermissionCheck struct {
	Permissions []string `json:"permissions" nullable:"false" minItems:"1" maxItems:"1000" minLength:"1" maxLength:"100" pattern:"^[!#-\\[\\]-~]+$" doc:"Names; one that does not exist is allowed to nobody" example:"[\"reports:read\"]"`
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

func checkedOf(r users.CheckResult) Checked {
	return Checked{
		AccountID: r.Account.ID.String(), IsActive: r.Account.Active, Allowed: r.All(),
		Permissions: each(r.Permissions, func(p users.CheckedPermission) CheckedPermission {
			return CheckedPermission{Name: string(p.Name), Allowed: p.Allowed}
		}),
	}
}

// appendJSON is for what services ask with each request of their own, a hundred names at a time.
func (c Checked) appendJSON(b []byte) ([]byte, error) {
	b, err := appendText(append(b, `{"account_id":`...), c.AccountID)
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
		if b, err = appendText(append(b, `{"name":`...), p.Name); err != nil {
			return b, err
		}
		b = append(strconv.AppendBool(append(b, `,"allowed":`...), p.Allowed), '}')
	}
	return append(b, "]}"...), nil
}

func (a *api) checkRoutes() []route {
	const tag = "Authorization"
	return []route{
		reading(route{
			method: http.MethodPost, path: "/api/v1/auth/check", bodyLimit: namesBody,
			name: "checkPermissions", tag: tag, summary: "Say which permissions the caller, or another account, has now",
			description: "To ask about an account by its id, one's own too, needs the permission `accounts:read`. An unknown account is 422.",
			message:     "Permissions checked successfully", fails: []int{http.StatusForbidden},
			request: object{"permissions": []string{"reports:read", "reports:write"}},
			example: Checked{
				AccountID: exampleAccountID, IsActive: true,
				Permissions: []CheckedPermission{{"reports:read", true}, {"reports:write", false}},
			},
		}, a.check),
	}
}

func (a *api) check(x *exchange, in PermissionCheck) (Checked, error) {
	result, err := a.Service.Check(x.ctx, x.caller, users.PermissionCheck{
		AccountID: in.AccountID, Permissions: in.Permissions, Found: x.found,
	})
	if err != nil {
		return Checked{}, err
	}
	x.quiet = true // asked again and again by services, and of interest only where it fails
	return checkedOf(result), nil
}

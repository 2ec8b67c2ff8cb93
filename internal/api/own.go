package api

import (
	"net/http"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// Me is the caller's own account. Its JSON is written in accountjson.go.
type Me struct {
	Account
	Permissions []string `json:"permissions" nullable:"false" doc:"Sorted names of all effective permissions"`
	Act         *web.Act `json:"act,omitzero" doc:"The account that acts for this one by the token; absent if it acts by itself"`
}

// PasswordChange is the body that changes one's own password.
type PasswordChange struct {
	CurrentPassword string `json:"current_password" format:"password" minLength:"1" example:"correct horse battery"`
	NewPassword     string `json:"new_password" format:"password" minLength:"8" maxLength:"256" doc:"8 to 256 characters, counted in NFC" example:"staple correct horse"`
}

// EmailChange is the body that changes one's own e-mail.
type EmailChange struct {
	CurrentPassword string `json:"current_password" format:"password" minLength:"1" example:"correct horse battery"`
	Email           string `json:"email" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+[.。．｡][^@\\s]+$" doc:"One bare address with a dotted domain, at most 254 bytes" example:"ada@example.com"`
}

func ownRoutes() []web.Route {
	const tag = "Authentication"
	return []web.Route{
		web.Get(web.Route{
			Method: http.MethodGet, Path: "/api/v1/auth/me", Auth: web.AuthBearerOrKey,
			Name: "getMe", Tag: tag, Summary: "Read your own account and permissions",
			Description: "Whatever the caller's permissions are.",
			Message:     "Account retrieved successfully",
			Variants: []web.Variant{
				{Name: "own", Summary: "By the account itself", Example: Me{Account: exampleAccount, Permissions: []string{"accounts:read"}}},
				{Name: "acted", Summary: "By an account that acts for it", Example: Me{Account: exampleAccount, Permissions: []string{"accounts:read"}, Act: exampleAct}},
			},
		}, getMe),
		web.Body(web.Route{
			Method: http.MethodPost, Path: "/api/v1/auth/password", Auth: web.AuthBearer,
			Name: "changePassword", Tag: tag, Summary: "Change your own password",
			Description: "All older tokens of the account are dead at once, and all sessions but the one that the token is of; the answer holds a fresh token, of that session " +
				"if there is one. A wrong current password is 403.",
			Message: "Password updated successfully",
			Fails:   []int{http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests},
			Request: web.Object{"current_password": "correct horse battery", "new_password": "staple correct horse"}, Example: exampleToken,
		}, changePassword),
		web.Body(web.Route{
			Method: http.MethodPost, Path: "/api/v1/auth/email", Auth: web.AuthBearer,
			Name: "changeEmail", Tag: tag, Summary: "Change your own e-mail",
			Description: "A wrong current password is 403. An account can change its e-mail, or try to, five times in 24 hours.",
			Message:     "Account updated successfully",
			Fails:       []int{http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests},
			Request:     web.Object{"current_password": "correct horse battery", "email": "ada@example.com"}, Example: exampleAccount,
		}, changeEmail),
	}
}

func getMe(x *web.Exchange) (Me, error) {
	caller, err := x.Service.Fresh(x.Context(), x.Caller)
	if err != nil {
		return Me{}, err
	}
	names := web.ToStrings(caller.Permissions())
	return Me{toAccount(caller.Account), names, web.ToAct(caller.Act)}, nil
}

func changePassword(x *web.Exchange, in PasswordChange) (Token, error) {
	result, err := x.Service.ChangePassword(x.Context(), x.Caller, users.PasswordChange{
		Current: in.CurrentPassword, New: in.NewPassword, Found: x.Found,
	})
	return toToken(result), err
}

func changeEmail(x *web.Exchange, in EmailChange) (Account, error) {
	account, err := x.Service.ChangeEmail(x.Context(), x.Caller, users.EmailChange{
		Current: in.CurrentPassword, Email: in.Email, Found: x.Found,
	})
	return toAccount(account), err
}

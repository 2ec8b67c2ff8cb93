package httpapi

import (
	"net/http"
	"time"

	"github.com/svc-users/svc-users"
)

// Token is what a login gives. Its names are those of the service that this one follows.
type Token struct {
	TokenType string    `json:"tokenType" enum:"Bearer"`
	Token     string    `json:"token" doc:"A JWT, for the Authorization header"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func tokenOf(r users.LoginResult) Token {
	return Token{TokenType: "Bearer", Token: r.Token, ExpiresAt: r.Expires.UTC()}
}

// Me is the caller's own account.
type Me struct {
	Account
	Permissions []string `json:"permissions" nullable:"false" doc:"Sorted names of all effective permissions"`
}

// Login is the body of a login.
type Login struct {
	Email    string `json:"email" example:"ada@example.com"`
	Password string `json:"password" format:"password" minLength:"1" example:"correct horse battery"`
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

func (a *api) authRoutes() []route {
	const tag = "Authentication"
	return append([]route{
		reading(route{
			method: http.MethodPost, path: "/api/v1/auth/login", public: true,
			name: "login", tag: tag, summary: "Get a token for an e-mail and its password",
			description: "A wrong, unknown or malformed e-mail, a wrong password and a disabled account get the same answer after the same time.",
			message:     "Token issued.", fails: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
			request: object{"email": "ada@example.com", "password": "correct horse battery"}, example: exampleToken,
		}, a.login),
		asking(route{
			method: http.MethodGet, path: "/api/v1/auth/me",
			name: "getMe", tag: tag, summary: "Read one's own account and permissions",
			description: "Whatever the caller's permissions are.",
			message:     "Account retrieved successfully", example: Me{exampleAccount, []string{"accounts:read"}},
		}, a.me),
		reading(route{
			method: http.MethodPost, path: "/api/v1/auth/password",
			name: "changePassword", tag: tag, summary: "Change one's own password",
			description: "All older tokens of the account are dead at once; the answer holds a fresh one. A wrong current password is 403.",
			message:     "Password updated successfully",
			fails:       []int{http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests},
			request:     object{"current_password": "correct horse battery", "new_password": "staple correct horse"}, example: exampleToken,
		}, a.changePassword),
		reading(route{
			method: http.MethodPost, path: "/api/v1/auth/email",
			name: "changeEmail", tag: tag, summary: "Change one's own e-mail",
			description: "A wrong current password is 403. An account can change its e-mail, or try to, five times in 24 hours.",
			message:     "Account updated successfully",
			fails:       []int{http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests},
			request:     object{"current_password": "correct horse battery", "email": "ada@example.com"}, example: exampleAccount,
		}, a.changeEmail),
	}, a.keyRoutes()...)
}

func (a *api) login(x *exchange, in Login) (Token, error) {
	result, err := a.Service.Login(x.ctx, in.Email, in.Password, x.found)
	x.account = result.Account.ID
	return tokenOf(result), err
}

func (a *api) me(x *exchange) (Me, error) {
	caller, err := a.Service.Fresh(x.ctx, x.caller)
	if err != nil {
		return Me{}, err
	}
	names := each(caller.Permissions(), func(p users.PermissionName) string { return string(p) })
	return Me{accountOf(caller.Account), names}, nil
}

func (a *api) changePassword(x *exchange, in PasswordChange) (Token, error) {
	result, err := a.Service.ChangePassword(x.ctx, x.caller, users.PasswordChange{
		Current: in.CurrentPassword, New: in.NewPassword, Found: x.found,
	})
	return tokenOf(result), err
}

func (a *api) changeEmail(x *exchange, in EmailChange) (Account, error) {
	account, err := a.Service.ChangeEmail(x.ctx, x.caller, users.EmailChange{
		Current: in.CurrentPassword, Email: in.Email, Found: x.found,
	})
	return accountOf(account), err
}

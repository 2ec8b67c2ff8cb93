package api

import (
	"errors"
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// Token is what a login, a refresh and a change of the password give. Its names are those of the service that this one
// follows. The three members before the last are there only for a login with a session and for a refresh, the last one
// only for a login.
type Token struct {
	TokenType        string    `json:"tokenType" enum:"Bearer"`
	Token            string    `json:"token" doc:"A JWT, for the Authorization header"`
	ExpiresAt        time.Time `json:"expiresAt"`
	RefreshToken     string    `json:"refreshToken,omitzero" minLength:"76" maxLength:"76" doc:"Continues the session, once; absent where it is in the cookie"`
	RefreshExpiresAt time.Time `json:"refreshExpiresAt,omitzero" doc:"When the session ends unless it is refreshed"`
	SessionID        string    `json:"sessionId,omitzero" format:"uuid" doc:"Also the claim sid of the token"`
	DeviceToken      string    `json:"device_token,omitzero" minLength:"65" maxLength:"65" doc:"Of a login: makes the device known at the next one, for 180 days; absent where it is in the cookie"`
}

func toToken(r users.LoginResult) Token {
	return Token{TokenType: "Bearer", Token: r.Token, ExpiresAt: r.Expires.UTC()}
}

// Login is the body of a login.
type Login struct {
	Email     string  `json:"email" example:"ada@example.com"`
	Password  string  `json:"password" format:"password" minLength:"1" example:"correct horse battery"`
	Session   *bool   `json:"session,omitempty" doc:"True begins a session: a short token, and a refresh token to continue it"`
	Audience  *string `json:"audience,omitempty" minLength:"1" maxLength:"96" pattern:"^[!#-\\[\\]-~]+$" doc:"A declared audience: the token, and each later one of the session, is for that service alone and has the permissions with its prefix" example:"orders"`
	Transport *string `json:"transport,omitempty" enum:"body,cookie" doc:"Where the refresh token and the device token go: into data, as without this member, or into cookies that no script can read. Only with session"`
	Device    *string `json:"device_token,omitempty" doc:"That of an earlier login: guesses of others do not keep a known device out. With the transport cookie it is taken from its cookie where this is absent. One that does not count is the same as none"`
}

// Refresh is the body of a refresh.
type Refresh struct {
	RefreshToken *string `json:"refreshToken,omitempty" doc:"Without it, the one in the cookie counts"`
	Transport    *string `json:"transport,omitempty" enum:"body,cookie" doc:"The new refresh token goes to where the old one came from; cookie excludes refreshToken, and body takes it"`
}

// Logout is the body of a logout.
type Logout struct {
	RefreshToken *string `json:"refreshToken,omitempty"`
}

func loginRoutes() []web.Route {
	const tag = "Authentication"
	session := exampleToken
	session.RefreshExpiresAt, session.SessionID = web.ExampleTime, web.ExampleSessionID
	inBody := session
	inBody.RefreshToken = web.ExampleRefreshToken
	plain, begun := exampleToken, inBody
	plain.DeviceToken, begun.DeviceToken = web.ExampleDeviceToken, web.ExampleDeviceToken
	forms := []web.Variant{
		{Name: "session", Summary: "Of a session, with the refresh token", Example: inBody},
		{Name: "cookie", Summary: "Of a session whose refresh token is in the cookie", Example: session},
	}
	return []web.Route{
		web.Body(web.Route{
			Method: http.MethodPost, Path: "/api/v1/auth/login", Auth: web.AuthNone,
			Name: "login", Tag: tag, Summary: "Log in with e-mail and password",
			Description: "A wrong, unknown or malformed e-mail, a wrong password and a disabled account get the same answer after the same time. " +
				"With an audience the token is for that service and not for this one. After too many failures from an address, or with an e-mail, logins from devices that are not known get 429, also with the right password. " +
				"With the transport cookie the answer sets the cookies `__Host-svc_refresh` and `__Host-svc_device`, and a page of another origin is refused (403).",
			Message: "Token issued.", Fails: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests},
			Request: web.Object{"email": "ada@example.com", "password": "correct horse battery", "session": true},
			Variants: []web.Variant{
				{Name: "token", Summary: "Without a session", Example: plain},
				{Name: "session", Summary: "Of a session, with the refresh token", Example: begun},
				{Name: "cookie", Summary: "Of a session whose tokens are in cookies", Example: session},
			},
		}, logIn),
		web.Body(web.Route{
			Method: http.MethodPost, Path: "/api/v1/auth/refresh", Auth: web.AuthNone,
			Name: "refresh", Tag: tag, Summary: "Continue a session",
			Description: "Gives a token with the rights of now, and another refresh token. A repetition of the same request gives the same refresh token again, for a " +
				"short time; a refresh token that was replaced before ends the session. The refresh token may be in the cookie `__Host-svc_refresh` instead of " +
				"the body, and is set there again; then a page of another origin is refused (403).",
			Message: "Token refreshed.", Fails: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests},
			Request: web.Object{"refreshToken": web.ExampleRefreshToken}, Variants: forms,
		}, refresh),
		web.AcceptBody(web.Route{
			Method: http.MethodPost, Path: "/api/v1/auth/logout", Auth: web.AuthNone,
			Name: "logout", Tag: tag, Summary: "End a session by one of its tokens",
			Description: "Takes a refresh token in the body, the one in the cookie, the access token in the Authorization header, or several of them, and ends the session of each. " +
				"A session that is over already is no error. The cookie is deleted if one was sent; then a page of another origin is refused (403). " +
				"A token without a session stays valid until it expires (409).",
			Message: "Logged out successfully", Fails: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict},
			Request: web.Object{"refreshToken": web.ExampleRefreshToken},
		}, logOut),
	}
}

func logIn(x *web.Exchange, in Login) (Token, error) {
	cookie := readTransport(x, in.Transport)
	if in.Session == nil || !*in.Session {
		if in.Transport != nil {
			x.Found.Add("transport", "needs session to be true")
		}
		result, err := x.Service.Login(x.Context(), toLoginRequest(x, in, cookie))
		x.AccountID = result.Account.ID
		token := toToken(result)
		token.DeviceToken = result.DeviceToken
		return token, err
	}
	if cookie {
		if err := x.CheckOrigin(); err != nil {
			return Token{}, err
		}
	}
	result, err := x.Service.LoginSession(x.Context(), toLoginRequest(x, in, cookie))
	if err != nil {
		return Token{}, err
	}
	token := issue(x, result, cookie)
	if cookie {
		x.SetDeviceCookie(result.DeviceToken, result.DeviceExpires)
	} else {
		token.DeviceToken = result.DeviceToken
	}
	return token, nil
}

func toLoginRequest(x *web.Exchange, in Login, cookie bool) users.LoginRequest {
	r := users.LoginRequest{Email: in.Email, Password: in.Password, Audience: in.Audience, From: x.Client(), Found: x.Found}
	switch {
	case in.Device != nil:
		r.Device = *in.Device
	case cookie:
		r.Device = x.DeviceCookie()
	}
	return r
}

func refresh(x *web.Exchange, in Refresh) (Token, error) {
	cookie := readTransport(x, in.Transport)
	switch {
	case in.RefreshToken != nil && cookie:
		x.Found.Add("transport", "must not be cookie beside refreshToken")
	case in.RefreshToken == nil && in.Transport != nil && *in.Transport == transportBody:
		x.Found.Add("refreshToken", "is required with the transport body")
	}
	if err := x.Found.Err(); err != nil {
		return Token{}, err
	}
	var token string
	if cookie = in.RefreshToken == nil; cookie {
		if err := x.CheckOrigin(); err != nil {
			return Token{}, err
		}
		sent := false
		var err error
		if token, sent, err = x.RefreshCookie(); err != nil {
			return Token{}, err
		}
		if !sent {
			return Token{}, missingToken("A refresh token is required.")
		}
	} else {
		token = *in.RefreshToken
	}
	result, err := x.Service.Refresh(x.Context(), token, x.Client())
	if err != nil {
		return Token{}, err
	}
	return issue(x, result, cookie), nil
}

// The transports of a refresh token.
const (
	transportBody   = "body"
	transportCookie = "cookie"
)

// readTransport reports whether the refresh token goes into the cookie.
func readTransport(x *web.Exchange, transport *string) bool {
	if transport != nil && *transport != transportBody && *transport != transportCookie {
		x.Found.Add("transport", "must be body or cookie")
	}
	return transport != nil && *transport == transportCookie
}

// issue is what a login with a session or a refresh answers. The refresh token is in the cookie or in the body, never in
// both: a script that could make the service answer with it would have what the cookie keeps from it.
func issue(x *web.Exchange, result users.SessionResult, cookie bool) Token {
	x.AccountID = result.Account.ID
	token := toToken(result.LoginResult)
	token.RefreshExpiresAt, token.SessionID = result.Session.Expires().UTC(), result.Session.ID.String()
	if cookie {
		x.SetRefreshCookie(result.RefreshToken, result.Session.Expires())
	} else {
		token.RefreshToken = result.RefreshToken
	}
	return token
}

// logOut ends the session of each token that was sent. The access token goes first, so that one that cannot be ended
// (409) leaves everything as it is. Where a refresh token was sent too, an access token that has expired is no fault.
func logOut(x *web.Exchange, in Logout) error {
	if err := x.Found.Err(); err != nil {
		return err
	}
	access, err := x.SentBearer()
	if err != nil {
		return err
	}
	cookie, sent, err := x.RefreshCookie()
	if err != nil {
		return err
	}
	var refresh []string
	if in.RefreshToken != nil {
		refresh = append(refresh, *in.RefreshToken)
	}
	if sent {
		if err := x.CheckOrigin(); err != nil {
			return err
		}
		refresh = append(refresh, cookie)
	}
	if access == "" && len(refresh) == 0 {
		return missingToken("A refresh token or an access token is required.")
	}
	if access != "" {
		err := x.Service.RevokeAccessToken(x.Context(), access)
		if err != nil && (len(refresh) == 0 || !errors.Is(err, users.ErrUnauthenticated)) {
			return err
		}
	}
	for _, token := range refresh {
		if err := x.Service.RevokeRefreshToken(x.Context(), token); err != nil {
			return err
		}
	}
	if sent {
		x.ClearRefreshCookie()
	}
	return nil
}

func missingToken(message string) error {
	return &users.Error{Kind: users.ErrCredentials, Message: message}
}

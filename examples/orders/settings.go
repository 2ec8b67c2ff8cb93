package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/svc-users/svc-users/authn"
)

// settings are read from the environment; README.md has the table.
type settings struct {
	listen           string
	users            string // svc-users, without a slash at the end
	issuer, audience string
	email, password  string // of the account that follows changes
	whenLost         authn.WhenLost
}

func readSettings(get func(string) string) (settings, error) {
	or := func(name, standard string) string {
		if v := get(name); v != "" {
			return v
		}
		return standard
	}
	s := settings{
		listen: or("ORDERS_LISTEN", "127.0.0.1:8002"), users: strings.TrimSuffix(or("SVC_USERS_URL", "http://127.0.0.1:8001"), "/"),
		issuer: or("JWT_ISSUER", "https://api.example.com"), audience: or("JWT_AUDIENCE", "https://api.example.com"),
		email: get("ORDERS_EMAIL"), password: get("ORDERS_PASSWORD"),
	}
	switch lost := or("ORDERS_WHEN_LOST", "refuse"); lost {
	case "refuse":
		s.whenLost = authn.Refuse
	case "tokens":
		s.whenLost = authn.TokensAlone
	default:
		return settings{}, fmt.Errorf("ORDERS_WHEN_LOST must be refuse or tokens, not %q", lost)
	}
	if (s.email == "") != (s.password == "") {
		return settings{}, errors.New("ORDERS_EMAIL and ORDERS_PASSWORD must be set together, or neither")
	}
	return s, nil
}

// follows reports whether there is an account to follow changes with. Without one, tokens are believed until they end.
func (s settings) follows() bool { return s.email != "" }

func (s settings) options() authn.Options {
	o := authn.Options{JWKS: s.users + "/.well-known/jwks.json", Issuer: s.issuer, Audience: s.audience}
	if s.follows() {
		o.Changes = authn.Changes{URL: s.users + "/api/v1/auth/changes", Token: s.login, WhenLost: s.whenLost}
	}
	return o
}

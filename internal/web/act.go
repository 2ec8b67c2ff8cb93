package web

import users "github.com/svc-users/svc-users"

// Act is the claim act (RFC 8693 §4.1) as answers show it: the account that acts for the subject of a token, and the one before
// it in an act of its own.
type Act struct {
	Subject      string `json:"sub" format:"uuid" doc:"Id of the account that acts"`
	Impersonator bool   `json:"impersonator,omitzero" doc:"Whether it is an account that took the subject's place (accounts:impersonate), and no service that the subject has called"`
	Act          *Act   `json:"act,omitzero" doc:"The one before it"`
}

// ToAct is an actor as answers show it; nil for none.
func ToAct(a *users.Actor) *Act {
	if a == nil {
		return nil
	}
	return &Act{Subject: a.Account.String(), Impersonator: a.Impersonator, Act: ToAct(a.Prior)}
}

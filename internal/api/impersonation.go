package api

import (
	"net/http"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// Impersonation is the body that asks for a token of another account.
type Impersonation struct {
	Reason *string `json:"reason,omitempty" maxLength:"255" doc:"Why, such as the number of a ticket; kept with the event" example:"Ticket 4711"`
}

// ImpersonationToken is what it gives.
type ImpersonationToken struct {
	Token
	TokenID string   `json:"tokenId" format:"uuid" doc:"The claim jti of the token, as events and logs have it"`
	Act     *web.Act `json:"act" doc:"The impersonator, as the token names it"`
}

// exampleAct is the actor of a token of an impersonator.
var exampleAct = &web.Act{Subject: web.ExampleRoleID, Impersonator: true}

func impersonationRoutes() []web.Route {
	return []web.Route{
		web.Body(web.Route{
			Method: http.MethodPost, Path: "/api/v1/accounts/{id}/impersonate", Auth: web.AuthBearer, Permission: users.AccountsImpersonate,
			Name: "impersonateAccount", Tag: "Accounts", Summary: "Get a token of another account",
			Description: "The caller must hold everything that the account's role holds. The token lives for ten minutes at most and no longer than the caller's own, names the caller in `act`, and is " +
				"refused where anything is given, for passwords, e-mails, sessions and keys, and for another impersonation. It ends with the caller's account, session or permission.",
			Message: "Token issued.", Fails: []int{http.StatusConflict},
			Request: web.Object{"reason": "Ticket 4711"},
			Example: ImpersonationToken{
				Token:   exampleToken,
				TokenID: web.ExampleSessionID, Act: exampleAct,
			},
		}, impersonateAccount),
	}
}

func impersonateAccount(x *web.Exchange, in Impersonation) (ImpersonationToken, error) {
	issued, err := x.Service.Impersonate(x.Context(), x.Caller, x.PathID(), users.Impersonation{Reason: in.Reason, Found: x.Found})
	return ImpersonationToken{
		Token:   Token{TokenType: "Bearer", Token: issued.Token, ExpiresAt: issued.Expires.UTC()},
		TokenID: issued.ID.String(), Act: web.ToAct(issued.Act),
	}, err
}

package api

import (
	"net/http"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// Session is a session as answers show it. It has no field that a token or a digest of one could be in.
type Session struct {
	ID         string    `json:"id" format:"uuid" doc:"The claim sid of its tokens"`
	CreatedAt  time.Time `json:"created_at" doc:"When the account logged in"`
	LastUsedAt time.Time `json:"last_used_at" doc:"When it was last refreshed, or began"`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends unless it is refreshed"`
	EndsAt     time.Time `json:"ends_at" doc:"When it ends in any case"`
	Address    *string   `json:"address" doc:"IP address of the client that last refreshed it; null if it is unknown" example:"203.0.113.7"`
	UserAgent  *string   `json:"user_agent" doc:"The header User-Agent of that client, at most 256 bytes; null if it sent none" example:"Mozilla/5.0"`
	Audience   *string   `json:"audience" doc:"The declared audience that its tokens are for; null for a session without" example:"orders"`
	Current    bool      `json:"current" doc:"Whether the token of this request is of this session"`
}

// toSession returns how a session is shown to a caller whose own session has that id, if any.
func toSession(s users.Session, current users.ID) Session {
	return Session{
		ID: s.ID.String(), CreatedAt: s.CreatedAt.UTC(), LastUsedAt: s.UsedAt.UTC(),
		ExpiresAt: s.Expires().UTC(), EndsAt: s.EndsAt.UTC(),
		Address: textOrNull(s.Client.Address), UserAgent: textOrNull(s.Client.UserAgent),
		Audience: textOrNull(string(s.Audience)), Current: s.ID == current,
	}
}

func toSessions(list []users.Session, current users.ID) []Session {
	return web.MapSlice(list, func(s users.Session) Session { return toSession(s, current) })
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// EndedSessions says how many sessions were ended.
type EndedSessions struct {
	Ended int `json:"ended" minimum:"0" doc:"How many sessions there were" example:"2"`
}

func sessionRoutes() []web.Route {
	const tag, own, others = "Sessions", "/api/v1/auth/sessions", "/api/v1/accounts/{id}/sessions"
	return []web.Route{
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: own, Auth: web.AuthBearer,
			Name: "listOwnSessions", Tag: tag, Summary: "List your own sessions",
			Description: "The one used last first; at most 100, which is how many an account has.",
			Message:     "Sessions retrieved successfully", Example: []Session{exampleSession},
		}, listOwnSessions),
		web.Get(web.Route{
			Method: http.MethodDelete, Path: own, Auth: web.AuthBearer,
			Name: "endOtherSessions", Tag: tag, Summary: "End all your other sessions",
			Description: "All but the one that the token is of; all, if it is of none. Their access tokens are dead at once.",
			Message:     "Sessions ended successfully", Example: EndedSessions{2},
		}, endOtherSessions),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: own + "/{id}", Auth: web.AuthBearer,
			Name: "endOwnSession", Tag: tag, Summary: "End one of your own sessions",
			Description: "Its access tokens are dead at once. It may be the one that the token is of.",
			Message:     "Session ended successfully",
		}, func(x *web.Exchange) error { return x.Service.EndOwnSession(x.Context(), x.Caller, x.PathID()) }),
		web.GetAll(web.Route{
			Method: http.MethodGet, Path: others, Auth: web.AuthBearer, Permission: users.SessionsRead,
			Name: "listSessions", Tag: tag, Summary: "List the sessions of an account",
			Description: "The one used last first; at most 100, which is how many an account has.",
			Message:     "Sessions retrieved successfully", Example: []Session{exampleSession},
		}, listSessions),
		web.Get(web.Route{
			Method: http.MethodDelete, Path: others, Auth: web.AuthBearer, Permission: users.SessionsDelete,
			Name: "endSessions", Tag: tag, Summary: "End all sessions of an account",
			Description: "The caller must hold everything that the account's role holds. The access tokens of the sessions are dead at once.",
			Message:     "Sessions ended successfully", Example: EndedSessions{2},
		}, endSessions),
		web.Remove(web.Route{
			Method: http.MethodDelete, Path: others + "/{session_id}", Auth: web.AuthBearer, Permission: users.SessionsDelete,
			Name: "endSession", Tag: tag, Summary: "End a session of an account",
			Description: "The caller must hold everything that the account's role holds. The access tokens of the session are dead at once.",
			Message:     "Session ended successfully",
		}, func(x *web.Exchange) error {
			return x.Service.EndAccountSession(x.Context(), x.Caller, x.PathID(), x.Request.PathValue("session_id"))
		}),
	}
}

func listOwnSessions(x *web.Exchange) ([]Session, error) {
	list, err := x.Service.OwnSessions(x.Context(), x.Caller)
	return toSessions(list, x.Caller.Session), err
}

func listSessions(x *web.Exchange) ([]Session, error) {
	list, err := x.Service.AccountSessions(x.Context(), x.Caller, x.PathID())
	return toSessions(list, x.Caller.Session), err
}

func endOtherSessions(x *web.Exchange) (EndedSessions, error) {
	ended, err := x.Service.EndOtherSessions(x.Context(), x.Caller)
	return EndedSessions{ended}, err
}

func endSessions(x *web.Exchange) (EndedSessions, error) {
	ended, err := x.Service.EndAccountSessions(x.Context(), x.Caller, x.PathID())
	return EndedSessions{ended}, err
}

package gateway

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/web"
)

// Changes is what a follower is told.
type Changes struct {
	Statement string `json:"statement" doc:"A compact JWS of type changes+jwt: what has changed, see docs/contract.md"`
	Cursor    string `json:"cursor" doc:"What to ask after next; the same as in the statement"`
	More      bool   `json:"more" doc:"There is more to be told at once, after the cursor"`
}

const (
	// maxWait is the longest wait_ms, what a client may reasonably ask for. None is kept waiting for longer than 10 s.
	maxWait = 25 * time.Second
	// maxWaiting is how many requests wait at a time. Each holds a connection and its memory; past that, they are
	// answered at once, and the client asks more often.
	maxWaiting = 1000
	// maxAfter bounds what is repeated in the statement, in bytes. A cursor has some 80, and 250 at most.
	maxAfter = 256
)

func (g *gateway) feedRoutes() []web.Route {
	return []web.Route{web.Route{
		Method: http.MethodGet, Path: "/api/v1/auth/changes", Auth: web.AuthBearerOrKey, Permission: users.ChangesRead, LogAtDebug: true, Tagged: true,
		Name: "getChanges", Tag: "Authentication", Summary: "Read the change feed",
		Description: "For services that verify tokens themselves. The statement is signed with the keys of the JWKS and true as of the moment the request was received. " +
			"Without a cursor, or with one that is none of this database, it begins anew; of cursors that are made up, an account gets one a second answered. When nothing is newer by the end of the wait the answer is 304. " +
			"A cursor is good for the same answer for at most 10 seconds, and so no request waits longer.",
		Message: "Changes retrieved successfully", Fails: []int{http.StatusTooManyRequests}, Data: reflect.TypeFor[Changes](), Example: exampleChanges,
		Params: []*web.Param{
			describeAfterParam(),
			web.DescribeQueryParam("wait_ms", "How many milliseconds to wait for something newer.",
				&web.Schema{Type: "integer", Minimum: new(0.0), Maximum: new(float64(maxWait.Milliseconds())), Default: 0}),
			{Name: "If-None-Match", In: "header", Description: "The entity tag of the answer before; the same as after, which goes before it.", Schema: &web.Schema{Type: "string"}},
		},
	}.WithQuery(g.changes)}
}

func describeAfterParam() *web.Param {
	p := web.DescribeQueryParam("after", "The cursor of the answer before. Empty begins anew, as does whatever is no cursor.", &web.Schema{Type: "string", MaxLength: new(maxAfter)})
	p.AllowEmptyValue = true
	return p
}

func (g *gateway) changes(x *web.Exchange) error {
	q := feed.Query{After: readAfter(x), Stop: g.Stopping}
	q.Wait = time.Duration(x.RangeParam("wait_ms", 0, int(maxWait.Milliseconds()), 0)) * time.Millisecond
	if err := x.Found.Err(); err != nil {
		return err
	}
	if q.Wait > 0 {
		if g.waiting.Add(1) > maxWaiting {
			q.Wait = 0
		}
		defer g.waiting.Add(-1)
	}
	answer, err := g.Feed.Read(x.Context(), x.Caller, q)
	if err != nil {
		return err
	}
	if answer.Statement == "" {
		x.Set("Etag", `"`+q.After+`"`)
		x.Answer(http.StatusNotModified, "", nil)
		return nil
	}
	x.Set("Etag", `"`+answer.Cursor+`"`)
	return x.Reply(web.Envelope{
		Code: http.StatusOK, Message: "Changes retrieved successfully",
		Data: Changes{Statement: answer.Statement, Cursor: answer.Cursor, More: answer.More},
	})
}

// readAfter is the cursor that a follower asks from: in the query, or else as the one entity tag of If-None-Match.
func readAfter(x *web.Exchange) string {
	after, sent := x.Query["after"]
	if !sent {
		after = parseSingleTag(x.Request.Header["If-None-Match"])
	}
	if len(after) > maxAfter {
		x.Found.Add("after", "must be at most 256 bytes long")
	}
	return after
}

// parseSingleTag returns the text of an entity tag, and nothing where there is not exactly one.
func parseSingleTag(headers []string) string {
	if len(headers) != 1 {
		return ""
	}
	tag, opened := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(headers[0]), "W/"), `"`)
	tag, closed := strings.CutSuffix(tag, `"`)
	if !opened || !closed || strings.Contains(tag, `"`) || web.CheckText(tag) != "" || len(tag) > maxAfter {
		return ""
	}
	return tag
}

package httpapi

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/svc-users/svc-users"
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
	// answered at once, and whoever follows asks more often.
	maxWaiting = 1000
	// maxAfter bounds what is repeated in the statement, in bytes. A cursor has some 80, and 250 at most.
	maxAfter = 256
)

func (a *api) changesRoutes() []route {
	r := route{
		method: http.MethodGet, path: "/api/v1/auth/changes", permission: users.ChangesRead, quiet: true, tagged: true,
		name: "getChanges", tag: "Authentication", summary: "Follow what has changed since tokens were issued",
		description: "For services that verify tokens themselves. The statement is signed with the keys of the JWKS and true as of the moment the request was received. " +
			"Without a cursor, or with one that is none of this database, it begins anew; of cursors that are made up, an account gets one a second answered. When nothing is newer by the end of the wait the answer is 304. " +
			"A cursor is good for the same answer for at most 10 seconds, and so no request waits longer.",
		message: "Changes retrieved successfully", fails: []int{http.StatusTooManyRequests}, data: reflect.TypeFor[Changes](), example: exampleChanges,
		params: []*huma.Param{
			afterParamDoc(),
			queryParam("wait_ms", "How many milliseconds to wait for something newer.",
				&huma.Schema{Type: "integer", Minimum: ptr(0.0), Maximum: ptr(float64(maxWait.Milliseconds())), Default: 0}),
			{Name: "If-None-Match", In: "header", Description: "The entity tag of the answer before; the same as after, which goes before it.", Schema: &huma.Schema{Type: "string"}},
		},
	}
	known := names(r.params)
	r.serve = func(x *exchange, _ []byte) error {
		x.query, x.found = readQuery(x.r.URL.RawQuery, r.method, known)
		return a.changes(x)
	}
	return []route{r}
}

func afterParamDoc() *huma.Param {
	p := queryParam("after", "The cursor of the answer before. Empty begins anew, as does whatever is no cursor.", &huma.Schema{Type: "string", MaxLength: ptr(maxAfter)})
	p.AllowEmptyValue = true
	return p
}

func (a *api) changes(x *exchange) error {
	q := users.ChangesQuery{After: x.after(), Stop: a.Stopping}
	q.Wait = time.Duration(x.rangeParam("wait_ms", 0, int(maxWait.Milliseconds()), 0)) * time.Millisecond
	if err := x.found.Err(); err != nil {
		return err
	}
	if q.Wait > 0 {
		if a.waiting.Add(1) > maxWaiting {
			q.Wait = 0
		}
		defer a.waiting.Add(-1)
	}
	answer, err := a.Service.Changes(x.ctx, x.caller, q)
	if err != nil {
		return err
	}
	if answer.Statement == "" {
		x.set("Etag", `"`+q.After+`"`)
		x.answer(http.StatusNotModified, "", nil)
		return nil
	}
	x.set("Etag", `"`+answer.Cursor+`"`)
	return x.reply(envelope{
		code: http.StatusOK, message: "Changes retrieved successfully",
		data: Changes{Statement: answer.Statement, Cursor: answer.Cursor, More: answer.More},
	})
}

// after is the cursor that a follower asks from: in the query, or else as the one entity tag of If-None-Match.
func (x *exchange) after() string {
	after, sent := x.query["after"]
	if !sent {
		after = onlyTag(x.r.Header["If-None-Match"])
	}
	if len(after) > maxAfter {
		x.found.Add("after", "must be at most 256 bytes long")
	}
	return after
}

// onlyTag returns the text of an entity tag, and nothing where there is not exactly one.
func onlyTag(headers []string) string {
	if len(headers) != 1 {
		return ""
	}
	tag, opened := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(headers[0]), "W/"), `"`)
	tag, closed := strings.CutSuffix(tag, `"`)
	if !opened || !closed || strings.Contains(tag, `"`) || textProblem(tag) != "" || len(tag) > maxAfter {
		return ""
	}
	return tag
}

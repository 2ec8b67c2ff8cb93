package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/svc-users/svc-users"
)

// startingRetry is when asking again makes sense while the service is starting.
const startingRetry = 2 * time.Second

var errStarting = users.Unavailable("The service is starting.", startingRetry, nil)

// Starting returns what is served while there is no database yet: /livez and the pages under /docs, and 503 for everything
// else, /readyz included. Of the options it needs those of New that concern requests: Log, Version, CORS,
// TrustedProxies, Now, NewID.
func Starting(o Options) http.Handler {
	o.Health = starting{}
	a := newAPI(o, errStarting)
	a.register(a.healthRoutes())
	return a
}

// starting is the health of a service without a database.
type starting struct{}

func (starting) Ping(context.Context) error  { return errStarting }
func (starting) Ready(context.Context) error { return errStarting }

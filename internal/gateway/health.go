package gateway

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/web"
)

// HealthReport says how the service is.
type HealthReport struct {
	Service  string `json:"service"`
	Status   string `json:"status" enum:"operational,degraded"`
	Version  string `json:"version"`
	Database string `json:"database" enum:"up,down"`
}

const (
	// probeTimeout is how long a probe waits for the database: its client gives up after a few seconds too.
	probeTimeout = 2 * time.Second
	// probeRetry is when to ask again, in seconds.
	probeRetry = "5"

	plainText = "text/plain; charset=utf-8"

	healthy  = "Service is healthy"
	degraded = "Service is degraded"
)

func (g *gateway) healthRoutes() []web.Route {
	const tag = "Health"
	return []web.Route{
		web.Route{
			Method: http.MethodGet, Path: "/api/v1/health", Auth: web.AuthNone,
			Name: "getHealth", Tag: tag, Summary: "Read the health of the service and its database",
			Description: "For people and dashboards. The database is asked at most every 250 ms.",
			Message:     healthy, Data: reflect.TypeFor[HealthReport](),
			Example:  HealthReport{web.ServiceName, "operational", "1.0.0", "up"},
			Degraded: &web.Degraded{Example: HealthReport{web.ServiceName, "degraded", "1.0.0", "down"}, Message: degraded},
		}.WithoutBody(g.health),
		{
			Method: http.MethodGet, Path: "/livez", Auth: web.AuthNone, LogAtDebug: true,
			Name: "livez", Tag: tag, Summary: "Liveness probe: the process runs",
			Description: "Asks nothing but the process itself: where this fails, a restart may help.",
			Data:        reflect.TypeFor[string](), Plain: &web.Plain{MediaType: plainText}, Example: "ok\n",
			Serve: func(x *web.Exchange, _ []byte) error {
				x.Answer(http.StatusOK, plainText, []byte("ok\n"))
				return nil
			},
		},
		{
			Method: http.MethodGet, Path: "/readyz", Auth: web.AuthNone, LogAtDebug: true,
			Name: "readyz", Tag: tag, Summary: "Readiness probe: the service can answer requests",
			Description: "200 while the database answers and has the right schema.",
			Data:        reflect.TypeFor[string](), Plain: &web.Plain{MediaType: plainText}, Example: "ok\n", Degraded: &web.Degraded{Example: "database unavailable\n"},
			Serve: g.ready,
		},
	}
}

func (g *gateway) health(x *web.Exchange) error {
	e := web.Envelope{Code: http.StatusOK, Message: healthy}
	report := HealthReport{Service: web.ServiceName, Status: "operational", Version: g.Version, Database: "up"}
	if err := g.pings.answer(x.Context(), g.Health.Ping); err != nil {
		x.Cause = err
		x.Set("Retry-After", probeRetry)
		e.Code, e.Message = http.StatusServiceUnavailable, degraded
		report.Status, report.Database = "degraded", "down"
	}
	e.Data = report
	return x.Reply(e)
}

func (g *gateway) ready(x *web.Exchange, _ []byte) error {
	err := g.readiness.answer(x.Context(), g.Health.Ready)
	switch {
	case err == nil:
		x.Answer(http.StatusOK, plainText, []byte("ok\n"))
		return nil
	case errors.Is(err, users.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded):
		x.Answer(http.StatusServiceUnavailable, plainText, []byte("database unavailable\n"))
	default:
		x.Answer(http.StatusServiceUnavailable, plainText, []byte("database not ready\n"))
	}
	x.Cause = err
	x.Set("Retry-After", probeRetry)
	return nil
}

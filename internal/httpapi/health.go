package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/svc-users/svc-users"
)

// HealthReport says how the service is.
type HealthReport struct {
	Service  string `json:"service"`
	Status   string `json:"status" enum:"operational,degraded"`
	Version  string `json:"version"`
	Database string `json:"database" enum:"up,down"`
}

const (
	// probeTimeout is how long a probe waits for the database: whoever asks gives up after a few seconds too.
	probeTimeout = 2 * time.Second
	// probeRetry is when to ask again, in seconds.
	probeRetry = "5"

	plainText = "text/plain; charset=utf-8"

	healthy  = "Service is healthy"
	degraded = "Service is degraded"
)

func (a *api) healthRoutes() []route {
	const tag = "Health"
	return []route{
		route{
			method: http.MethodGet, path: "/api/v1/health", public: true,
			name: "getHealth", tag: tag, summary: "Say how the service and its database are",
			description: "For people and dashboards. The database is asked at most every 250 ms.",
			message:     healthy, data: reflect.TypeFor[HealthReport](),
			example:  HealthReport{serviceName, "operational", "1.0.0", "up"},
			degraded: HealthReport{serviceName, "degraded", "1.0.0", "down"},
		}.bodyless(a.health),
		{
			method: http.MethodGet, path: "/livez", public: true, quiet: true,
			name: "livez", tag: tag, summary: "Say that the process lives",
			description: "Asks nothing but the process itself: where this fails, a restart may help.",
			data:        reflect.TypeFor[string](), plain: &plain{mediaType: plainText}, example: "ok\n",
			serve: func(x *exchange, _ []byte) error {
				x.answer(http.StatusOK, plainText, []byte("ok\n"))
				return nil
			},
		},
		{
			method: http.MethodGet, path: "/readyz", public: true, quiet: true,
			name: "readyz", tag: tag, summary: "Say whether the service can do its work",
			description: "200 while the database answers and has the right schema.",
			data:        reflect.TypeFor[string](), plain: &plain{mediaType: plainText}, example: "ok\n", degraded: "database unavailable\n",
			serve: a.ready,
		},
	}
}

func (a *api) health(x *exchange) error {
	e := envelope{code: http.StatusOK, message: healthy}
	report := HealthReport{Service: serviceName, Status: "operational", Version: a.Version, Database: "up"}
	if err := a.pings.answer(x.ctx, a.Health.Ping); err != nil {
		x.cause = err
		x.set("Retry-After", probeRetry)
		e.code, e.message = http.StatusServiceUnavailable, degraded
		report.Status, report.Database = "degraded", "down"
	}
	e.data = report
	return x.reply(e)
}

func (a *api) ready(x *exchange, _ []byte) error {
	err := a.readiness.answer(x.ctx, a.Health.Ready)
	switch {
	case err == nil:
		x.answer(http.StatusOK, plainText, []byte("ok\n"))
		return nil
	case errors.Is(err, users.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded):
		x.answer(http.StatusServiceUnavailable, plainText, []byte("database unavailable\n"))
	default:
		x.answer(http.StatusServiceUnavailable, plainText, []byte("database not ready\n"))
	}
	x.cause = err
	x.set("Retry-After", probeRetry)
	return nil
}

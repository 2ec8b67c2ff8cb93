package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// statusClientGone is what the log has for a request whose client left before the answer; it is never sent. The number is nginx's.
const statusClientGone = 499

// maxCause bounds the cause of a refusal in the log, in bytes: enough for a stack.
const maxCause = 8 << 10

// log writes the one line about a request. It holds nothing of the path, the query, the headers or the body,
// which may hold secrets and whatever else a client likes to see in a log: the route's pattern says which
// operation it was.
func (h *handler) log(x *Exchange, started time.Time) {
	status := x.status
	if x.gone() {
		status = statusClientGone
	}
	level := slog.LevelInfo
	switch {
	case status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	case status >= 500:
		level = slog.LevelError
	case x.LogAtDebug:
		level = slog.LevelDebug
	}
	// The request's own context may have ended, which is no reason for a handler to drop the record.
	ctx := context.WithoutCancel(x.ctx)
	if !h.Log.Enabled(ctx, level) {
		return
	}
	now := h.Now()
	// Past the Logger, which would note from where in the program it was called: always from here.
	record := slog.NewRecord(now, level, "request", 0)
	attrs := append(make([]slog.Attr, 0, 10),
		slog.String("request_id", x.id),
		slog.String("method", boundMethod(x.Request.Method)),
		slog.String("route", x.pattern),
		slog.Int("status", status),
		slog.Float64("duration_ms", float64(now.Sub(started).Microseconds())/1000),
		slog.Int("bytes", x.sent),
	)
	if x.client.IsValid() {
		attrs = append(attrs, slog.String("client", x.client.String()))
	}
	if !x.AccountID.IsZero() {
		attrs = append(attrs, slog.String("account_id", x.AccountID.String()))
	}
	if !x.Caller.APIKey.IsZero() {
		attrs = append(attrs, slog.String("api_key_id", x.Caller.APIKey.String()))
	}
	if x.Caller.Act != nil {
		attrs = append(attrs, slog.String("actor_id", x.Caller.Act.Account.String()))
	}
	if x.Cause != nil {
		attrs = append(attrs, slog.String("cause", truncateUTF8(x.Cause.Error(), maxCause)))
	}
	record.AddAttrs(attrs...)
	_ = h.Log.Handler().Handle(ctx, record) // what cannot be logged cannot be said either
}

// gone reports whether the client left before the answer was ready. When a body is too slow, net/http ends the
// context too, though the client is still there to be told.
func (x *Exchange) gone() bool {
	return x.Cause != nil && x.status != http.StatusRequestTimeout && x.Request.Context().Err() == context.Canceled
}

// boundMethod replaces a method that HTTP does not have by "other", so that clients cannot fill the log.
func boundMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodPut, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "other"
}

// truncateUTF8 cuts text to at most n bytes of valid UTF-8.
func truncateUTF8(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

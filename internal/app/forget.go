package app

import (
	"context"
	"log/slog"
	"time"
)

// forgetEvery is how often records that are no longer needed are deleted. A day more or less of a year is nothing.
const forgetEvery = 24 * time.Hour

// forgetChanges forgets, now and once a day, the changes of accounts that no token can be older than, and the changes of
// e-mails that no longer count. What fails is done the next day.
func (a *App) forgetChanges(ctx context.Context) {
	for {
		if err := a.ForgetChanges(ctx); err != nil && ctx.Err() == nil {
			a.config.Log.LogAttrs(ctx, slog.LevelWarn, "old changes of accounts could not be deleted", slog.String("cause", err.Error()))
		}
		if err := a.ForgetEmailChanges(ctx); err != nil && ctx.Err() == nil {
			a.config.Log.LogAttrs(ctx, slog.LevelWarn, "old changes of e-mails could not be deleted", slog.String("cause", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(forgetEvery):
		}
	}
}

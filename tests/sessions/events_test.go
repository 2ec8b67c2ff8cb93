package sessions

import (
	"context"

	users "github.com/svc-users/svc-users"
)

// Record implements users.Recorder.
func (e *events) Record(_ context.Context, _ any, list []users.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range list {
		e.kinds[event.Kind]++
	}
	return nil
}

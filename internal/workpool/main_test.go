package workpool

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Every test closes its Pool, so a worker that outlives Close fails the whole run.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The classes of these tests are those of the service.
const (
	logins Class = iota
	upgrades
	newAccounts
	changes
)

var testClasses = [...]ClassOptions{
	logins:      {Refusal: "Too many logins at once; try again shortly."},
	upgrades:    {Refusal: "Too many logins at once; try again shortly.", IdleOnly: true},
	newAccounts: {Refusal: "Too many accounts are being made at once; try again shortly."},
	changes:     {Refusal: "Too many passwords are being changed at once; try again shortly."},
}

// longWait is the MaxWait of the service.
const longWait = 5 * time.Second

func newPool(workers int, maxWait, jobTime time.Duration) *Pool {
	return New(Options{
		Workers: workers, MaxWait: maxWait, ServiceTime: jobTime, Classes: testClasses[:],
		Start: func() {}, OnBusy: func(int) {},
	})
}

package password

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRoundIsMeasuredAtTheLeastCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		got := measureRound(func(_ []byte, _ [saltSize]byte, n int) [digestSize]byte {
			asked += n
			time.Sleep(time.Duration(n)*time.Microsecond + time.Duration(asked%3)*time.Microsecond)
			return [digestSize]byte{}
		})
		if want := time.Microsecond; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		if asked != 3<<MinCost {
			t.Errorf("%d rounds to start with", asked)
		}
	})
}

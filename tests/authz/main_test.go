package authz

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"
)

// TestMain says how many cells were run. Memory is given for time: what is kept is little, and thousands of
// small answers are made and thrown away.
func TestMain(m *testing.M) {
	debug.SetGCPercent(500)
	code := m.Run()
	if n := ran.Load(); n > 0 {
		fmt.Printf("authorization table: %d cells run, over all databases\n", n)
	}
	os.Exit(code)
}

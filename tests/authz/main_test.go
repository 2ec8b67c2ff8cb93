package authz

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"testing"
)

// TestMain says how many cells were run. Memory is given for time: what is kept is little, and thousands of
// small answers are made and thrown away.
func TestMain(m *testing.M) {
	debug.SetGCPercent(500)
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		// Sequences of operations on each database.
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if n := ran.Load(); n > 0 {
		fmt.Printf("authorization table: %d cells run, over all databases\n", n)
	}
	os.Exit(code)
}

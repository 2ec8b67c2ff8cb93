package httpapi_test

import (
	"flag"
	"os"
	"testing"

	"github.com/svc-users/svc-users/internal/apitest"
)

// Every test of the edge runs twice: on SQLite and then on PostgreSQL. Fuzzing and benchmarks are about the edge
// itself, and run once.
func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if status == 0 && !given("test.fuzz") && !given("test.bench") {
		apitest.Engine = "postgres"
		status = m.Run()
	}
	os.Exit(status)
}

func given(name string) bool { return flag.Lookup(name).Value.String() != "" }

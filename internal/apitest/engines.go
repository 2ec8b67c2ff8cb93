package apitest

import (
	"flag"
	"os"
	"testing"
)

// Engines are the databases that the service runs on.
var Engines = []string{"sqlite", "postgres"}

// Main is for the TestMain of a package: it runs every test on SQLite and then on PostgreSQL. Fuzzing and benchmarks are
// about the edge itself, and run once.
func Main(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if status == 0 && !isSet("test.fuzz") && !isSet("test.bench") {
		Engine = "postgres"
		status = m.Run()
	}
	os.Exit(status)
}

func isSet(name string) bool { return flag.Lookup(name).Value.String() != "" }

// OnEngines runs a test on both databases, in parallel.
func OnEngines(t *testing.T, test func(t *testing.T, engine string)) {
	t.Parallel()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, engine)
		})
	}
}

// OnBoth runs a test on a service on each of the two databases.
func OnBoth(t *testing.T, test func(t *testing.T, svc *Service)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, Start(t, Options{Engine: engine}))
		})
	}
}

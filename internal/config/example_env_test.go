package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

// The example is what people copy. It must name each setting once, under its meaning, hold no secret, and change
// nothing but what it says: read as it is, it gives the defaults.
func TestEnvExample(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range config.Settings() {
		line := regexp.MustCompile(`(?m)^# (.+)\n` + s.Name + `=(.*)$`)
		found := line.FindAllSubmatch(content, -1)
		if len(found) != 1 || strings.Count(string(content), "\n"+s.Name+"=") != 1 {
			t.Errorf("%s is there %d times under a comment", s.Name, len(found))
			continue
		}
		comment, value := string(found[0][1]), string(found[0][2])
		if !strings.HasPrefix(comment, s.Meaning) {
			t.Errorf("%s is explained as %q, in the program as %q", s.Name, comment, s.Meaning)
		}
		switch {
		case s.Secret && value != "":
			t.Errorf("%s has a value", s.Name)
		case value != "" && value != s.Default:
			t.Errorf("%s=%s, but its default is %q", s.Name, value, s.Default)
		case value == "" && s.Default != "" && !strings.Contains(comment, "(default: "):
			t.Errorf("the default of %s is not told", s.Name)
		}
	}
	_, faults, warnings := config.Parse(environ(nil), ".env.example", content)
	if len(faults)+len(warnings) > 0 {
		t.Errorf("read as .env: faults %v, warnings %v", faults, warnings)
	}
}

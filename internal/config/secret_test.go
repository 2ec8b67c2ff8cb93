package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/internal/config"
)

func TestSecretNeverPrintsItself(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	s := config.NewSecret(text)
	cfg := load(t, map[string]string{"DATABASE_URL": "postgres://u:" + text + "@h/d", "JWT_PRIVATE_KEY": text})
	hidden := struct{ inner config.Secret }{s} // fmt can't call methods here and prints what it finds

	var out strings.Builder
	for _, v := range []any{s, &s, cfg, &cfg, hidden, []config.Secret{s}, map[string]config.Secret{"k": s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	b, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "secret", s, "config", cfg)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "secret", s, "config", cfg)

	for _, leak := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), "104 117 110"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q is in the output", leak)
		}
	}
	if s.Reveal() != text || s.IsZero() {
		t.Error("Reveal must give the text back")
	}
	if none := config.NewSecret(""); !none.IsZero() || none.Reveal() != "" || fmt.Sprint(none) != "" {
		t.Error("no text is no secret, and prints as nothing")
	}
}

package tools

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// What the two files of deploy/traefik use of Traefik 3.7.12's configuration, by the names of its reference. A field
// that is not here is a fault: Traefik, too, refuses what it does not know.
type (
	traefikStatic struct {
		EntryPoints map[string]struct {
			Address string `json:"address"`
			HTTP    struct {
				AliasHeadersStrategy string `json:"aliasHeadersStrategy"`
			} `json:"http"`
		} `json:"entryPoints"`
		Providers struct {
			File struct {
				Filename string `json:"filename"`
			} `json:"file"`
		} `json:"providers"`
	}
	traefikDynamic struct {
		HTTP struct {
			Routers map[string]struct {
				Rule        string   `json:"rule"`
				Service     string   `json:"service"`
				Middlewares []string `json:"middlewares"`
			} `json:"routers"`
			Middlewares map[string]struct {
				ForwardAuth *traefikForwardAuth `json:"forwardAuth"`
				Headers     *traefikHeaders     `json:"headers"`
			} `json:"middlewares"`
			Services map[string]struct {
				LoadBalancer struct {
					Servers []struct {
						URL string `json:"url"`
					} `json:"servers"`
				} `json:"loadBalancer"`
			} `json:"services"`
		} `json:"http"`
	}
	traefikForwardAuth struct {
		Address             string   `json:"address"`
		AuthRequestHeaders  []string `json:"authRequestHeaders"`
		AuthResponseHeaders []string `json:"authResponseHeaders"`
	}
	traefikHeaders struct {
		CustomRequestHeaders map[string]string `json:"customRequestHeaders"`
	}
)

func readTraefik[T any](t *testing.T, name string, change func(string) string) T {
	t.Helper()
	content, err := os.ReadFile("../deploy/traefik/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var config T
	if err := yaml.UnmarshalStrict([]byte(change(string(content))), &config); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return config
}

func asPublished(s string) string { return s }

func TestTraefikDropsOtherSpellings(t *testing.T) {
	t.Parallel()
	static := readTraefik[traefikStatic](t, "traefik.yaml", asPublished)
	if len(static.EntryPoints) == 0 || !strings.HasSuffix(static.Providers.File.Filename, "forward_auth.yaml") {
		t.Error("there is no entry point, or the routes are not read")
	}
	for name, e := range static.EntryPoints {
		if e.HTTP.AliasHeadersStrategy != "delete" {
			t.Errorf("%s passes X_Auth_Roles on", name)
		}
	}
}

// Each route cleans the request, asks, and removes the token, in this order; also where preflights are let pass, which
// ask nothing.
func TestTraefikRoutes(t *testing.T) {
	t.Parallel()
	config := readTraefik[traefikDynamic](t, "forward_auth.yaml", func(s string) string {
		before, after, found := strings.Cut(s, "pass unasked.\n")
		if !found {
			t.Fatal("the file does not show how preflights pass")
		}
		shown, rest, _ := strings.Cut(after, "\n\n")
		return before + "pass unasked.\n" + regexp.MustCompile(`(?m)^( *)# `).ReplaceAllString(shown, "$1") + "\n\n" + rest
	}).HTTP
	removes := func(name string, fields ...string) {
		t.Helper()
		headers := config.Middlewares[name].Headers
		if headers == nil {
			t.Fatalf("%s removes nothing", name)
		}
		for _, field := range fields {
			if value, ok := headers.CustomRequestHeaders[field]; !ok || value != "" {
				t.Errorf("%s does not remove %s", name, field)
			}
		}
	}
	told := []string{"X-Auth-Subject", "X-Auth-Email", "X-Auth-Roles", "X-Auth-Permissions", "X-Auth-Actor"}
	removes("orders-clean", "X-Auth-Require", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Forwarded")
	removes("orders-tokenless", "Authorization")
	removes("orders-nobody", told...)
	asked := 0
	for name, r := range config.Routers {
		if len(r.Middlewares) != 3 || r.Middlewares[0] != "orders-clean" || r.Middlewares[2] != "orders-tokenless" {
			t.Fatalf("%s goes through %q", name, r.Middlewares)
		}
		if len(config.Services[r.Service].LoadBalancer.Servers) == 0 {
			t.Errorf("%s leads to no server", name)
		}
		ask := config.Middlewares[r.Middlewares[1]].ForwardAuth
		if ask == nil {
			if name != "orders-preflight" || r.Middlewares[1] != "orders-nobody" || !strings.Contains(r.Rule, "&& Method(`OPTIONS`) &&") {
				t.Errorf("%s asks nothing", name)
			}
			continue
		}
		asked++
		want := "orders:write"
		if strings.Contains(r.Rule, "Method(`GET`)") {
			want = "orders:read"
		}
		if !strings.HasSuffix(ask.Address, "/api/v1/auth/forward?require="+want) || !slices.Equal(ask.AuthRequestHeaders, []string{"Authorization"}) || !slices.Equal(ask.AuthResponseHeaders, told) {
			t.Errorf("%s asks %+v", name, ask)
		}
	}
	if asked != 2 {
		t.Errorf("%d routes ask", asked)
	}
}

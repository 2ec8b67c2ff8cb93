package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestDocsPagesAreWhole(t *testing.T) {
	t.Parallel()
	types := map[string]string{
		"/docs":                      "text/html; charset=utf-8",
		"/docs/init.js":              "text/javascript; charset=utf-8",
		"/docs/page.css":             "text/css; charset=utf-8",
		"/docs/icon.svg":             "image/svg+xml",
		"/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
		"/docs/swagger-ui.css":       "text/css; charset=utf-8",
	}
	begins := map[string]string{
		"/docs":                      "<!DOCTYPE html>",
		"/docs/swagger-ui-bundle.js": "/*! For license information",
		"/docs/swagger-ui.css":       ".swagger-ui{",
	}
	pages := makeDocsPages()
	if len(pages) != len(types) {
		t.Errorf("%d pages, want %d", len(pages), len(types))
	}
	etags := map[string]string{}
	for path, contentType := range types {
		p, ok := pages[path]
		if !ok {
			t.Errorf("no page %s", path)
			continue
		}
		if p.contentType != contentType {
			t.Errorf("%s is %q, want %q", path, p.contentType, contentType)
		}
		if p.csp != docsPolicy {
			t.Errorf("%s has the policy %q", path, p.csp)
		}
		body := p.body
		if p.unpacked != nil {
			var err error
			if body, err = p.unpacked(); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		if !strings.HasPrefix(string(body), begins[path]) || len(body) == 0 {
			t.Errorf("%s does not begin with %q", path, begins[path])
		}
		if other, taken := etags[p.etag]; taken || len(p.etag) < 10 {
			t.Errorf("%s has the ETag %s, and so has %q", path, p.etag, other)
		}
		etags[p.etag] = path
	}
}

func TestDocsPolicyIsStrict(t *testing.T) {
	t.Parallel()
	for _, directive := range []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
		"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
	} {
		if !strings.Contains(docsPolicy+";", directive+";") {
			t.Errorf("the policy lacks %s", directive)
		}
	}
	for _, loose := range []string{"unsafe", "*", "http:", "https:", "blob:"} {
		if strings.Contains(docsPolicy, loose) {
			t.Errorf("the policy allows %s", loose)
		}
	}
}

// reference finds what a page of ours loads or links to.
var reference = regexp.MustCompile(`(?:src|href|url|action)\s*[=:(]\s*["']?([^"'\s>)]+)`)

func TestDocsStayInsideTheService(t *testing.T) {
	t.Parallel()
	served := makeDocsPages()
	elsewhere := map[string]bool{"/openapi.json": true, "/.well-known/jwks.json": true, "/api/v1/health": true}
	found := 0
	for _, path := range []string{"/docs", "/docs/init.js", "/docs/page.css", "/docs/icon.svg"} {
		text := string(served[path].body)
		// The name of SVG's own namespace is an address that nobody asks.
		text = strings.ReplaceAll(text, `xmlns="http://www.w3.org/2000/svg"`, "")
		if strings.Contains(text, "//") && path != "/docs/init.js" || strings.Contains(text, "://") {
			t.Errorf("%s names another origin", path)
		}
		for _, match := range reference.FindAllStringSubmatch(text, -1) {
			target := match[1]
			if strings.HasPrefix(target, "#") {
				continue
			}
			if _, ok := served[target]; !ok && !elsewhere[target] {
				t.Errorf("%s refers to %s, which is not served", path, target)
			}
			found++
		}
	}
	if found < 8 {
		t.Errorf("only %d references found: the test looks in the wrong way", found)
	}
}

func TestDocsHaveNoInlineCode(t *testing.T) {
	t.Parallel()
	html := string(makeDocsPages()["/docs"].body)
	for _, inline := range []string{"<style", "style=", "javascript:", "onclick", "onload", "<script>"} {
		if strings.Contains(html, inline) {
			t.Errorf("the page has %s, which its policy blocks", inline)
		}
	}
}

// What is kept compressed is unpacked once, for whoever does not take gzip, and not at all for a client that has it.
func TestPagesAreUnpackedOnce(t *testing.T) {
	t.Parallel()
	bundle := makeDocsPages()["/docs/swagger-ui-bundle.js"]
	first, err := bundle.unpacked()
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := bundle.unpacked(); &first[0] != &second[0] {
		t.Error("the bundle is unpacked for each request")
	}
	tag := strings.TrimSuffix(bundle.etag, `"`) + `-plain"`
	bundle.unpacked = func() ([]byte, error) {
		t.Error("the bundle is unpacked for a client that has it")
		return nil, nil
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		x := &Exchange{Request: httptest.NewRequest(method, "/", nil), w: httptest.NewRecorder()}
		x.Request.Header.Set("If-None-Match", tag)
		if err := bundle.Serve(x, revalidate); err != nil || x.status != http.StatusNotModified {
			t.Errorf("%s: %d %v", method, x.status, err)
		}
	}
}

package breached

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// The service learns five digits of the hash and nothing else, and its answer counts as a whole line.
func TestRange(t *testing.T) {
	t.Parallel()
	digits := sha("correct horse")
	other := strings.Repeat("0", 35) + ":7\r\n"
	for name, c := range map[string]struct {
		answer string
		want   string
	}{
		"known":            {other + digits[5:] + ":3\r\n", Reason},
		"known, lower":     {strings.ToLower(digits[5:]) + ":3", Reason},
		"unknown":          {other, ""},
		"padding":          {other + digits[5:] + ":0\r\n", ""},
		"another's prefix": {digits[4:39] + ":3\n", ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/range/"+digits[:5] || r.Header.Get("Add-Padding") != "true" || r.URL.RawQuery != "" || r.Method != http.MethodGet {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
			_, _ = w.Write([]byte(c.answer))
		}))
		t.Cleanup(server.Close)
		r := &Range{URL: server.URL + "/range", Failed: func(err error) { t.Errorf("%s: %v", name, err) }}
		if got, err := r.Screen(t.Context(), users.PresentedPassword("correct horse")); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// Without an answer in time the password is taken, and the cause is told once for each, without the URL.
func TestRangeFailsOpen(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	for name, answer := range map[string]http.HandlerFunc{
		"error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"busy":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.com/", http.StatusFound)
		},
		"a page":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"nothing":  func(http.ResponseWriter, *http.Request) {},
		"one line": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat("A", 2<<20))) },
		"closed":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"never":    func(http.ResponseWriter, *http.Request) { <-stop },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer)
			t.Cleanup(server.CloseClientConnections)
			var causes []error
			r := &Range{URL: server.URL, Failed: func(err error) { causes = append(causes, err) }}
			got, err := r.Screen(t.Context(), users.PresentedPassword("correct horse"))
			if got != "" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			if len(causes) != 1 || strings.Contains(causes[0].Error(), server.URL) || strings.Contains(causes[0].Error(), sha("correct horse")[:5]) {
				t.Errorf("causes %v", causes)
			}
		})
	}
	r := &Range{URL: "http://127.0.0.1:1", Failed: func(err error) { t.Errorf("a request that has ended is no fault of the service's: %v", err) }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Screen(ctx, users.PresentedPassword("correct horse")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/svc-users/svc-users/authn"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env map[string]string
		ok  bool
	}{
		"none":                {nil, true},
		"following":           {map[string]string{"ORDERS_EMAIL": "orders@example.com", "ORDERS_PASSWORD": "x", "ORDERS_WHEN_LOST": "tokens"}, true},
		"no password":         {map[string]string{"ORDERS_EMAIL": "orders@example.com"}, false},
		"no e-mail":           {map[string]string{"ORDERS_PASSWORD": "x"}, false},
		"neither one way":     {map[string]string{"ORDERS_WHEN_LOST": "maybe"}, false},
		"a slash at the end":  {map[string]string{"SVC_USERS_URL": "http://users.example/"}, true},
		"svc-users is no URL": {map[string]string{"SVC_USERS_URL": "users.example"}, false},
	} {
		s, err := readSettings(func(name string) string { return test.env[name] })
		if err == nil {
			_, err = authn.New(s.options())
		}
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
		if strings.HasSuffix(s.users, "/") {
			t.Errorf("%s: %s", name, s.users)
		}
	}
}

// The orders themselves, without the gate; that is tested with both processes in tests/system.
func TestBook(t *testing.T) {
	t.Parallel()
	b := &book{}
	add := func(body string) int {
		r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
		w := httptest.NewRecorder()
		b.add(w, r.WithContext(authn.NewContext(r.Context(), authn.Principal{Account: "ada"})))
		return w.Code
	}
	for body, status := range map[string]int{`{"item":"tea"}`: 201, `{}`: 422, `tea`: 422, `{"item":"` + strings.Repeat("x", 5000) + `"}`: 422} {
		if got := add(body); got != status {
			t.Errorf("%.20s: %d, want %d", body, got, status)
		}
	}
	w := httptest.NewRecorder()
	b.list(w, httptest.NewRequest(http.MethodGet, "/orders", nil))
	if got := strings.TrimSpace(w.Body.String()); got != `{"orders":[{"id":1,"account":"ada","item":"tea"}]}` {
		t.Error(got)
	}
	for range maxOrders + 5 {
		add(`{"item":"tea"}`)
	}
	if len(b.orders) != maxOrders || b.orders[maxOrders-1].ID != maxOrders+6 {
		t.Errorf("%d orders, the last %+v", len(b.orders), b.orders[len(b.orders)-1])
	}
}

func TestNobodyIsLetInWithoutAToken(t *testing.T) {
	t.Parallel()
	s, err := readSettings(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	v, err := authn.New(s.options())
	if err != nil {
		t.Fatal(err)
	}
	h := handler(v, &book{})
	for route, status := range map[string]int{"GET /orders": 401, "POST /orders": 401, "DELETE /orders": 405, "GET /livez": 200, "GET /readyz": 200, "GET /": 404} {
		method, path, _ := strings.Cut(route, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != status {
			t.Errorf("%s: %d, want %d", route, w.Code, status)
		}
	}
}

package main

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/svc-users/svc-users/authn"
)

// handler is the whole service. It requires the permissions orders:read and orders:write, which an administrator makes
// in svc-users and assigns to roles.
func handler(v *authn.Verifier, b *book) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /orders", v.Require("orders:read")(http.HandlerFunc(b.list)))
	mux.Handle("POST /orders", v.Require("orders:write")(http.HandlerFunc(b.add)))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if v.Lost() {
			http.Error(w, "the change feed is lost", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}

// order belongs to an account by its id, which never changes, unlike its e-mail.
type order struct {
	ID      int    `json:"id"`
	Account string `json:"account"`
	Item    string `json:"item"`
}

// book keeps the newest orders.
type book struct {
	mu     sync.Mutex
	last   int
	orders []order
}

const maxOrders = 1000

func (b *book) list(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	orders := append([]order{}, b.orders...)
	b.mu.Unlock()
	write(w, http.StatusOK, map[string]any{"orders": orders})
}

func (b *book) add(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Item string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&asked); err != nil || asked.Item == "" {
		write(w, http.StatusUnprocessableEntity, map[string]string{"error": "the body must be an object with an item"})
		return
	}
	who, _ := authn.From(r.Context())
	b.mu.Lock()
	b.last++
	made := order{ID: b.last, Account: who.Account, Item: asked.Item}
	if b.orders = append(b.orders, made); len(b.orders) > maxOrders {
		b.orders = b.orders[1:]
	}
	b.mu.Unlock()
	write(w, http.StatusCreated, made)
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

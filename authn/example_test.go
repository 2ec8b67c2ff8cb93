package authn_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/svc-users/svc-users/authn"
)

func Example() {
	v, err := authn.New(authn.Options{
		JWKS:     "https://users.example/.well-known/jwks.json",
		Issuer:   "https://users.example",
		Audience: "https://api.example",
	})
	if err != nil {
		panic(err)
	}
	list := func(w http.ResponseWriter, r *http.Request) {
		who, _ := authn.From(r.Context())
		fmt.Fprintln(w, "orders of", who.Account)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders", v.Require("orders:read")(http.HandlerFunc(list)))
	slog.Error("the server ended", "error", http.ListenAndServe("127.0.0.1:8080", mux))
}

// A service that enforces changes within a second, and refuses all requests while the change feed is lost.
func ExampleVerifier_Run() {
	v, err := authn.New(authn.Options{
		JWKS:     "https://users.example/.well-known/jwks.json",
		Issuer:   "https://users.example",
		Audience: "https://api.example",
		Changes: authn.Changes{
			URL:      "https://users.example/api/v1/auth/changes",
			Token:    func(context.Context) (string, error) { return os.Getenv("CHANGES_TOKEN"), nil },
			WhenLost: authn.Refuse,
			OnLost:   func(reason error) { slog.Error("refusing all requests", "error", reason) },
		},
	})
	if err != nil {
		panic(err)
	}
	go func() { _ = v.Run(context.Background()) }()
}

// Handlers are tested without tokens.
func ExampleNewContext() {
	ctx := authn.NewContext(context.Background(), authn.Principal{Account: "0199e7a0-0000-7000-8000-000000000001", Permissions: []string{"orders:read"}})
	who, _ := authn.From(ctx)
	fmt.Println(who.Can("orders:read"), who.Can("orders:write"))
	// Output: true false
}

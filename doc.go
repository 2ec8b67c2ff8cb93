// Package users holds the vocabulary and the rules of svc-users: accounts, the hierarchy of roles, the
// permissions attached to them, and the Service that decides who may do what.
//
// The package reads no clock, opens nothing and knows neither SQL nor HTTP nor JSON. Everything it needs
// of the outside comes in through small ports: a Store that keeps things, Passwords that hashes them,
// Tokens that signs them, a clock and a source of ids.
//
//	svc := users.New(users.Ports{Store: st, Passwords: pw, Tokens: tk, Now: time.Now, NewID: users.NewID})
//	res, err := svc.Login(ctx, "ada@example.com", "correct horse")
//	caller, err := svc.Authenticate(ctx, res.Token)
//	acc, err := svc.CreateAccount(ctx, caller, users.NewAccount{…})
//
// Three promises hold everywhere. A rule is decided on the state of the database at that moment, inside the
// transaction that changes it, never on what a token said. A refused request changes nothing. And whatever
// cannot be decided is refused.
package users

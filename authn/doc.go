// Package authn lets a service believe the tokens that svc-users issues, and hear at once when rights change.
//
//	v, err := authn.New(authn.Options{
//		JWKS:     "https://users.example/.well-known/jwks.json",
//		Issuer:   "https://users.example",
//		Audience: "https://api.example",
//	})
//	mux.Handle("GET /orders", v.Require("orders:read")(listOrders))
//
// A handler behind it finds who is asking with [From]. What is refused is answered as RFC 6750 says: 401 without a
// token that counts, 403 without the permission, 503 while it cannot be told.
//
// # Tokens
//
// A token counts if svc-users itself would take it for one of its own: the tests hold this package and the service to the same
// thousand tokens, good and forged. One algorithm (RS256), fixed in the code; three canonical base64url parts, at
// most 8 KiB; a header of alg, typ and kid alone; strict JSON; every claim present and of its type; issuer and
// audience as set; 30 seconds of leeway. A request with two Authorization headers is refused.
//
// Keys are fetched with the first token and are fresh for as long as their Cache-Control says, 5 minutes without one.
// They are renewed behind the requests, before that is over; only where nobody has asked for twice as long does a
// request wait for it, for a second at most. A key that was withdrawn counts until then. A key id that is not known causes one request in 10 seconds at most, whoever makes them up. If the issuer is down,
// the keys that are known go on counting for 24 hours. Only RSA keys of 2048 bits or more that are for RS256 are taken, and
// redirects lead to no other host.
//
// # Changes
//
// A token says what was so when it was issued. With [Options.Changes] and [Verifier.Run] the service hears, within
// a second, of disabled accounts, ended tokens and changed roles, and asks nobody on each request: the rights of a
// request are then those of now, and what the token says of them is not looked at ([Principal.Live]).
//
//	go v.Run(ctx)
//
// What is heard is signed by the issuer's keys, each statement continues the one before it, and it counts for
// [Changes.Staleness] from when it was asked for. Until the first whole state has been read, and whenever nothing was heard for
// that long, changes are lost: [Verifier.Lost] says so, the log and [Changes.OnLost] too, and requests are refused
// with 503, or go on with what the tokens say, as [Changes.WhenLost] has it.
//
// A token counts only if its version is the one that was heard of. Three things are answered too strictly rather than
// too freely, for less than Staleness: an account that was enabled again is refused until that is heard, and so is a
// token that follows a change of the password; and a role that was made a moment ago permits nothing until then.
//
// Roles are told by their ids, each with its own permissions and its parent; what it may do in all is worked out here.
//
// Memory: roles and permissions within [Changes.MaxRoles], [Changes.MaxPermissions] and [Changes.MaxAssignments], and
// about 150 bytes for each account of which tokens may say what is no longer so; at most [Changes.MaxAccounts] of them.
//
// # Trust
//
// Use https: who can answer in the place of the JWKS URL decides which tokens count. Statements of changes are signed, so
// who can answer in the place of Changes.URL alone can withhold changes for a minute at most, and make up none.
//
// The package uses the standard library alone, so whoever imports it inherits nothing.
package authn

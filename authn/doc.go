// Package authn verifies the access tokens of svc-users in another service, and follows its change feed, so that changes
// of rights take effect there within a second.
//
//	v, err := authn.New(authn.Options{
//		JWKS:     "https://users.example/.well-known/jwks.json",
//		Issuer:   "https://users.example",
//		Audience: "https://api.example",
//	})
//	mux.Handle("GET /orders", v.Require("orders:read")(listOrders))
//
// A handler behind it gets the caller from [From]. Refusals follow RFC 6750: 401 without a valid token, 403 without the
// permission, 503 while the token cannot be verified.
//
// # Tokens
//
// A token is valid if svc-users itself would accept it: the tests check this package and the service with the same
// thousand tokens, good and forged. One algorithm for each key, RS256 for RSA and ES256 for P-256, taken from the kind of
// the key and never from the token; three canonical base64url parts, at most 8 KiB; a header of alg, typ and kid alone;
// strict JSON; every claim present and of its type; issuer and audience as set; 30 seconds of leeway. A request with two Authorization headers is refused.
//
// Keys are fetched with the first token and are fresh for as long as their Cache-Control says, 5 minutes without one.
// They are renewed in the background before that time is over. Only after twice that time without a request does a
// request wait for the renewal, for a second at most. A withdrawn key is accepted until the renewal, or until the change
// feed no longer lists it. Unknown key ids cause at most one request in 10 seconds, however many tokens have made-up ids.
// If the issuer is down, known keys are used for 24 hours. Only RSA keys of 2048 bits or more and keys on P-256 are used,
// and of these none that is for another use or algorithm; redirects to another host are refused.
//
// # Changes
//
// A token holds the rights at the time of its issue. With [Options.Changes] and [Verifier.Run] the service learns within
// a second of disabled accounts, invalidated tokens and changed roles, without a query on each request: a request then
// has the current rights, and the rights in the token are ignored ([Principal.Live]).
//
//	go v.Run(ctx)
//
// The change feed consists of statements: JWS signed by the issuer's keys, each of which continues the one before it. A
// statement is valid for [Changes.Staleness] from the time of the request for it. Until the first snapshot has been read
// whole, and whenever no valid statement is left, the feed is lost: [Verifier.Lost] is true, the log and
// [Changes.OnLost] are told, and requests are refused with 503, or decided by the tokens alone, according to
// [Changes.WhenLost].
//
// A token is valid only if its version is the account's current one. In four cases the answer is too strict, for less
// than Staleness, until the change arrives: an account that was enabled again is refused, a token issued after a change
// of the password is refused, a new role has no permissions, and a token is refused whose key was made a moment ago, since
// all others were revoked.
//
// Each statement lists the keys that the service accepts. A token of any other key is refused without a request for the
// keys, and a statement of any other key is valid only if the issuer's keys of now have it. A listed key that is missing
// here is fetched at once. While the feed is lost the last list counts further, with TokensAlone too: a revoked key stays
// revoked, and keys that are made meanwhile are refused until the feed is found again.
//
// A statement names roles by their ids, each with its own permissions and its parent; inherited permissions are computed
// here.
//
// Memory: roles and permissions within [Changes.MaxRoles], [Changes.MaxPermissions] and [Changes.MaxAssignments], and
// about 150 bytes for each account whose tokens may be out of date; at most [Changes.MaxAccounts] of them.
//
// # Tokens without their permissions
//
// A list of permissions that would make a token too long is left out of it ([Principal.PermissionsOmitted]). With the
// change feed that makes no difference. Without it [Verifier.Require] asks the service, at [Options.Check], for what it
// requires: with the token itself, and for each request.
//
// # Trust
//
// Use https: an attacker who can answer for the JWKS URL decides which tokens are valid. Statements are signed, so an
// attacker who can answer for Changes.URL alone can withhold changes for a minute at most, and cannot forge any.
//
// The package depends on the standard library only.
package authn

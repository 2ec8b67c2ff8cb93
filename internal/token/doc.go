// Package token signs and verifies the JSON Web Tokens of this service: compact JWS (RFC 7515) with RS256 or
// ES256 (RFC 7518 §3.3, §3.4), carrying the claims of RFC 7519 and a few of our own.
//
//	key, err := token.ParseKey(token.ES256, privateBase64, publicBase64, kid) // or token.LoadFile(path, token.ES256, kid)
//	set, err := token.NewKeySet(key, nil, token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}})
//	jwt, whole, err := set.Issue(claims)
//	claims, err := set.Verify(jwt, now)
//	bearer, err := set.Bearer(jwt, now) // caches verified tokens
//
// Verify follows RFC 8725: one algorithm for each key, which follows from its kind and is never taken from the token; keys
// from our own set alone; one spelling of every part. It parses a token in a few lines of its own, which are easy to
// review, because most vulnerabilities of JWT came from libraries that accepted more than their callers expected. The two
// algorithms with compact serialization need little code (docs/decisions/0015).
//
// No error of this package contains a token, a key or any part of one.
package token

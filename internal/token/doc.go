// Package token signs and verifies the JSON Web Tokens of this service: compact JWS (RFC 7515) with RS256
// (RFC 7518 §3.3), carrying the claims of RFC 7519 and a few of our own.
//
//	key, err := token.ParseKey(privateBase64, publicBase64, kid) // or token.LoadOrCreate(path, kid)
//	set, err := token.NewKeySet(key, nil, token.Options{Issuer: "https://id.example", Audiences: []string{"https://api.example"}})
//	jwt, whole, err := set.Issue(claims)
//	claims, err := set.Verify(jwt, now)
//	bearer, err := set.Bearer(jwt, now) // remembers what it has verified
//
// Verify follows RFC 8725: one algorithm, fixed in the code and never taken from the token; keys from our own
// set alone; one spelling of every part. It takes a signed token apart by hand, in a few lines that can be
// read at one sitting, because most of what has ever gone wrong with JWT came from a library that
// understood more than its caller meant. For RS256 and compact serialization there is little to understand.
//
// No error of this package contains a token, a key or any part of one.
package token

// Package federation has the rules of client assertions (RFC 7521, RFC 7523): JWTs that a service account authenticates
// with in place of a secret. There are two kinds.
//
//   - The service account signs the assertion itself (private_key_jwt, OpenID Connect Core 1.0 §9). A Key of it is
//     registered here: a public key, or the URL of a JWK set.
//   - An issuer that is trusted signs it, such as a cluster of Kubernetes or a CI system (RFC 7523 §3). A Trust is registered
//     here: it says for which subjects of which issuer the service account is.
//
// What happens to an assertion:
//
//	form of /oauth2/token ─→ Federation.AuthenticateClient
//	    Assertions.Parse      reads it, strictly; nothing of it is believed yet
//	    Store                 the Keys or the Trusts of the service account that it names
//	    check                 iss, sub, aud, exp, iat, nbf, jti and the claims that the Trust requires
//	    keySets               the keys of the issuer, from memory or by a Fetcher
//	    Assertions.Verify     the signature, by one of these keys alone
//	    Store.UseAssertion    one that a service account has signed counts once
//	    users.Service         the service account as it is now
//
// Its neighbours: package assertion implements Assertions, package fetch Fetcher, and package store the Store. All errors of
// an assertion that does not count are one, so that a client does not learn which rule has refused it; the cause is for the
// log.
package federation

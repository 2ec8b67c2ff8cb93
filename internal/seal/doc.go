// Package seal encrypts small secrets that are kept in the database, such as the private parts of signing keys, so that a
// copy of the database alone is worth nothing: AES-256-GCM (NIST SP 800-38D) under keys that are derived from the setting
// ENCRYPTION_KEY by HKDF-SHA256 (RFC 5869).
//
//	key, err := seal.ParseKey(os.Getenv("ENCRYPTION_KEY"))
//	ring, err := seal.NewRing(key, formerKeys...)
//	sealed, err := ring.Seal("signing-keys", kid, private)
//	private, err := ring.Open("signing-keys", kid, sealed)
//
// Each purpose has an encryption key of its own, and a sealed text opens only for the purpose and the name it was sealed
// for: a row of the database cannot be passed off as another. A ring seals with its current key and opens with that and
// with former ones, so that the encryption key can be changed; see Ring.IsCurrent.
//
// No error and no printed value of this package contains a key, a plain text or a part of one.
package seal

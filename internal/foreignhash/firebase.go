package foreignhash

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// FirebaseProject are the parameters that Firebase shows of a project ("Password hash parameters"); all hashes of the
// project have them in common.
type FirebaseProject struct {
	SignerKey     string // base64_signer_key
	SaltSeparator string // base64_salt_separator, may be empty
	Rounds        int    // rounds, such as 8
	MemCost       int    // mem_cost, such as 14
}

// Firebase makes a hash of the members salt and passwordHash of a user in the output of "firebase auth:export". It is
// kept with the key of its project, as Supabase does: the hash is worth nothing without it.
func (p FirebaseProject) Firebase(salt, passwordHash string) (Hash, error) {
	return readFirebase(fmt.Sprintf("$fbscrypt$v=1,n=%d,r=%d,p=1,ss=%s,sk=%s$%s$%s", p.MemCost, p.Rounds,
		standard64(p.SaltSeparator), standard64(p.SignerKey), standard64(salt), standard64(passwordHash)))
}

// standard64 writes base64 of either alphabet in the standard one.
func standard64(text string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(text) }

// firebase is Firebase's variant of scrypt: the digest is the project's signer key, encrypted under what scrypt gives.
type firebase struct {
	scryptParams
	separator, key []byte
}

// readFirebase reads $fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=KEY$SALT$DIGEST.
func readFirebase(text string) (Hash, error) {
	const kind = "fbscrypt"
	fields := strings.Split(text, "$")
	if len(fields) != 5 {
		return Hash{}, refuse(kind, "not of the form $fbscrypt$v=1,n=…,r=…,p=…,ss=…,sk=…$salt$digest")
	}
	head, secret, ok := strings.Cut(fields[2], ",ss=")
	separator64, key64, both := strings.Cut(secret, ",sk=")
	if !ok || !both {
		return Hash{}, refuse(kind, "the salt separator or the signer key is missing")
	}
	n, err := numbers(kind, head, "v", "n", "r", "p")
	if err != nil {
		return Hash{}, err
	}
	if n[0] != 1 {
		return Hash{}, refuse(kind, "the version is not 1")
	}
	decoded := [4][]byte{}
	for i, part := range []struct{ name, text string }{
		{"salt separator", separator64}, {"signer key", key64}, {"salt", fields[3]}, {"digest", fields[4]},
	} {
		if decoded[i], err = readLoose64(kind, part.name, part.text); err != nil {
			return Hash{}, err
		}
	}
	f := firebase{scryptParams{n[1], n[2], n[3], decoded[2]}, decoded[0], decoded[1]}
	if err := f.check(kind); err != nil {
		return Hash{}, err
	}
	if err := checkSizes(kind, f.salt, decoded[3]); err != nil {
		return Hash{}, err
	}
	if len(f.separator) > maxSalt || len(f.key) != len(decoded[3]) {
		return Hash{}, refuse(kind, "the signer key has %d bytes and the digest %d", len(f.key), len(decoded[3]))
	}
	return Hash{kind: kind, scheme: f, digest: decoded[3]}, nil
}

func (f firebase) fields() string {
	e := base64.StdEncoding.EncodeToString
	return "$fbscrypt$v=1,n=" + strconv.Itoa(f.ln) + ",r=" + strconv.Itoa(f.r) + ",p=" + strconv.Itoa(f.p) +
		",ss=" + e(f.separator) + ",sk=" + e(f.key) + "$" + e(f.salt)
}

func (firebase) encode(digest []byte) string { return base64.StdEncoding.EncodeToString(digest) }

func (f firebase) derive(password string, size int) []byte {
	salt := append(append([]byte(nil), f.salt...), f.separator...)
	key, err := scrypt.Key([]byte(password), salt, 1<<f.ln, f.r, f.p, 32)
	if err != nil {
		panic("foreignhash: scrypt with parameters that were not checked")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("foreignhash: AES with a key of 32 bytes")
	}
	digest := make([]byte, size)
	//nolint:gosec // Firebase's counter begins at zero; each salt gives another key
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(digest, f.key)
	return digest
}

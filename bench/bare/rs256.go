package bare

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"time"

	"github.com/svc-users/svc-users/bench/stats"
)

const (
	keyBits = 2048
	// rounds of some calls each; the median counts.
	rounds     = 7
	signs      = 40
	verifies   = 400
	signedSize = 500 // bytes, about the size of a token's signed part
)

// RS256 is the processor time of one signature and of one verification, SHA-256 included.
func RS256() (sign, verify time.Duration, err error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return 0, 0, err
	}
	text := make([]byte, signedSize)
	var signature []byte
	doSign := func() (err error) {
		digest := sha256.Sum256(text)
		signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		return err
	}
	doVerify := func() error {
		digest := sha256.Sum256(text)
		return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature)
	}
	if sign, err = medianOf(signs, doSign); err != nil {
		return 0, 0, err
	}
	verify, err = medianOf(verifies, doVerify)
	return sign, verify, err
}

func medianOf(n int, f func() error) (time.Duration, error) {
	var took []time.Duration
	for range rounds {
		t, err := onThread(n, f)
		if err != nil {
			return 0, err
		}
		took = append(took, t)
	}
	return stats.Median(took), nil
}

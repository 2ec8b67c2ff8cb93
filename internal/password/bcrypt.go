package password

import (
	"golang.org/x/crypto/blowfish" //nolint:staticcheck // deprecated as a cipher; bcrypt is defined on it
)

const (
	saltSize   = 16
	digestSize = 23 // of the 24 bytes that are computed: the first implementation lost one, and it stayed so
)

// bcryptFunc computes a digest from a key, a salt and a number of rounds. All work this package does goes
// through one such function, so that a test can count it.
type bcryptFunc func(key []byte, salt [saltSize]byte, rounds int) [digestSize]byte

// rounds is what a cost stands for.
func rounds(cost int) int { return 1 << cost }

// bcrypt is the function of Provos and Mazières ("A Future-Adaptable Password Scheme", USENIX 1999), with a
// salt chosen by the caller, which golang.org/x/crypto/bcrypt has no way to give. The key must end in its NUL
// and so is never empty. The number of rounds need not be a power of two, which makes topping up one call.
func bcrypt(key []byte, salt [saltSize]byte, rounds int) [digestSize]byte {
	return restingBcrypt(key, salt, rounds, func() {})
}

// restingBcrypt is bcrypt that calls rest every few rounds. How often depends on the rounds alone, so that the pauses
// tell no more than the work does.
func restingBcrypt(key []byte, salt [saltSize]byte, rounds int, rest func()) [digestSize]byte {
	cipher, err := blowfish.NewSaltedCipher(key, salt[:])
	if err != nil {
		panic("password: bcrypt with an empty key")
	}
	for i := range rounds {
		blowfish.ExpandKey(key, cipher)
		blowfish.ExpandKey(salt[:], cipher)
		if i%roundsBetween == roundsBetween-1 {
			rest()
		}
	}

	text := []byte("OrpheanBeholderScryDoubt")
	for block := text; len(block) > 0; block = block[blowfish.BlockSize:] {
		for range 64 {
			cipher.Encrypt(block, block)
		}
	}
	return [digestSize]byte(text)
}

package password

import (
	"strings"
	"testing"

	reference "golang.org/x/crypto/bcrypt"

	users "github.com/svc-users/svc-users"
)

// benchCost is that of all benchmarks but those that hash nothing.
const benchCost = 10

// BenchmarkBare is what Hash and Check are to be held against: bcrypt alone, by golang.org/x/crypto.
func BenchmarkBare(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reference.GenerateFromPassword([]byte("battery!"), benchCost); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for name, password := range map[string]string{"plain": "battery!", "long": strings.Repeat("🔑", 256)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			h := open(b, Options{Cost: benchCost})
			for b.Loop() {
				mustHash(b, h, password)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, hash := range map[string]users.PasswordHash{
		"right":   made(plain, version, benchCost, "battery!"),
		"cheaper": made(plain, version, MinCost, "battery!"),
		"unknown": "",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			h := open(b, Options{Cost: benchCost})
			for b.Loop() {
				mustCheck(b, h, hash, "battery!")
			}
		})
	}
}

// BenchmarkOverhead is everything about a Check but bcrypt itself.
func BenchmarkOverhead(b *testing.B) {
	b.ReportAllocs()
	h := newHasher(Options{Cost: benchCost, MaxWait: unhurried}, func([]byte, [saltSize]byte, int) [digestSize]byte { return [digestSize]byte{} }, noRest)
	b.Cleanup(h.Close)
	hash := made(plain, version, MinCost, "battery!")
	for b.Loop() {
		mustCheck(b, h, hash, "battery!")
	}
}

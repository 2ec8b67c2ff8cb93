package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The bare primitives stand beside ours, and go-jose, so that the ratio shows what each adds to them.

// eachAlgorithm runs a benchmark with a set that signs with either.
func eachAlgorithm(b *testing.B, run func(b *testing.B, set *KeySet)) {
	b.Run("RS256", func(b *testing.B) { run(b, testSet(b)) })
	b.Run("ES256", func(b *testing.B) { run(b, curveSet(b)) })
}

func BenchmarkIssue(b *testing.B) {
	eachAlgorithm(b, func(b *testing.B, set *KeySet) {
		c := testClaims()
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := set.Issue(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	eachAlgorithm(b, func(b *testing.B, set *KeySet) {
		token := issue(b, set, testClaims())
		b.ReportAllocs()
		for b.Loop() {
			if _, err := set.Verify(token, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerifyByJose has go-jose do the part of Verify that it can do: all but the rules that are stricter than JWT's.
func BenchmarkVerifyByJose(b *testing.B) {
	eachAlgorithm(b, func(b *testing.B, set *KeySet) {
		token := issue(b, set, testClaims())
		key, algorithms := set.keys[0].public.standard(), []jose.SignatureAlgorithm{jose.RS256, jose.ES256}
		b.ReportAllocs()
		for b.Loop() {
			parsed, err := jwt.ParseSigned(token, algorithms)
			if err != nil {
				b.Fatal(err)
			}
			var claims jwt.Claims
			var more struct {
				Version            int64    `json:"ver"`
				Email              string   `json:"email"`
				Roles, Permissions []string // jose reads names in any case
			}
			if err := parsed.Claims(key, &claims, &more); err != nil {
				b.Fatal(err)
			}
			if err := claims.Validate(jwt.Expected{Issuer: testIssuer, AnyAudience: jwt.Audience{testAudience}, Time: testNow}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerifyStranger is what a token of a key that is not ours costs: next to nothing.
func BenchmarkVerifyStranger(b *testing.B) {
	set := testSet(b)
	token := signed(goodHeader().with("kid", `"key-3"`).String(), goodPayload().String())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Verify(token, testNow); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkBareSign(b *testing.B) {
	digest := sum256("x")
	b.Run("RS256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := rsa.SignPKCS1v15(nil, rsaOf(ourKey()), crypto.SHA256, digest); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ES256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ecdsa.SignASN1(rand.Reader, ecOf(ourCurveKey()), digest); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkBareVerify(b *testing.B) {
	digest := sum256("x")
	b.Run("RS256", func(b *testing.B) {
		signature := rs(crypto.SHA256, "x")
		b.ReportAllocs()
		for b.Loop() {
			if err := rsa.VerifyPKCS1v15(&rsaOf(ourKey()).PublicKey, crypto.SHA256, digest, signature); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ES256", func(b *testing.B) {
		signature, err := ecdsa.SignASN1(rand.Reader, ecOf(ourCurveKey()), digest)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if !ecdsa.VerifyASN1(&ecOf(ourCurveKey()).PublicKey, digest, signature) {
				b.Fatal("refused")
			}
		}
	})
}

// BenchmarkBearer is what a token costs that the set knows already.
func BenchmarkBearer(b *testing.B) {
	eachAlgorithm(b, func(b *testing.B, set *KeySet) {
		token := issue(b, set, testClaims())
		b.ReportAllocs()
		for b.Loop() {
			if _, err := set.Bearer(token, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
}

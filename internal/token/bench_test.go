package token

import (
	"crypto"
	"crypto/rsa"
	"testing"
)

// The bare primitives stand beside ours, so that the ratio shows what we add to them.

func BenchmarkIssue(b *testing.B) {
	set := testSet(b)
	c := testClaims()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := set.Issue(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	set := testSet(b)
	token := issue(b, set, testClaims())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Verify(token, testNow); err != nil {
			b.Fatal(err)
		}
	}
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
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, rsaOf(ourKey()), crypto.SHA256, digest); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareVerify(b *testing.B) {
	digest, signature := sum256("x"), rs(crypto.SHA256, "x")
	b.ReportAllocs()
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(&rsaOf(ourKey()).PublicKey, crypto.SHA256, digest, signature); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBearer is what a token costs that the set knows already.
func BenchmarkBearer(b *testing.B) {
	set := testSet(b)
	token := issue(b, set, testClaims())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Bearer(token, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

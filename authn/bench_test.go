package authn

import (
	"context"
	"testing"
)

func BenchmarkVerify(b *testing.B) {
	v := newVerifier(b, nil)
	token := tokenOf(ada, nil)
	for b.Loop() {
		if _, err := v.Verify(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
}

package commonpassword

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The content is that of the pinned sources; the compression is not compared, since it depends on the program.
func TestContent(t *testing.T) {
	t.Parallel()
	text, err := unpack()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	if got := hex.EncodeToString(sum[:]); got != "d0e91985f4a22d195fa57c2b6edd141eea2f663c55be473d28ea7be9f6c14dea" {
		t.Errorf("SHA-256 %s", got)
	}
	if len(list()) != 41518 || !slices.IsSorted(list()) || len(slices.Compact(slices.Clone(list()))) != len(list()) {
		t.Errorf("%d entries, not sorted or not each once", len(list()))
	}
	for _, p := range list() {
		if n := utf8.RuneCountInString(p); n < 8 || n > 256 || strings.ToLower(p) != p || !norm.NFC.IsNormalString(p) {
			t.Errorf("%q can never be found", p)
		}
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"password", "Password1", "PASSWORD1", "12345678", "admin123", "iloveyou1", "qwertyuiop", list()[0], list()[len(list())-1]} {
		if !Has(p) {
			t.Errorf("%q is not found", p)
		}
	}
	for _, p := range []string{"", "1234567", "correct horse battery", "password1 ", " password1", "password1\n", "pass\x00word", "\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if Has(p) {
			t.Errorf("%q is found", p)
		}
	}
}

func BenchmarkHas(b *testing.B) {
	list()
	b.ReportAllocs()
	for b.Loop() {
		Has("correct horse battery")
	}
}

func BenchmarkUnpack(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unpack(); err != nil {
			b.Fatal(err)
		}
	}
}

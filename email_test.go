package users

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 254-len("@example.com")) + "@example.com"
	for _, tt := range []struct {
		in, canonical string
	}{
		{"ada@example.com", "ada@example.com"},
		{"Ada.Lovelace+tag@Example.COM", "ada.lovelace+tag@example.com"},
		{"o'brien@example.com", "o'brien@example.com"},
		{"a@b.co", "a@b.co"},
		{long, long},
		// Composed and decomposed spellings, and both spellings of a domain, are one address.
		{"jose\u0301@example.com", "jos\u00e9@example.com"},
		{"JOS\u00c9@example.com", "jos\u00e9@example.com"},
		{"info@M\u00dcNCHEN.example", "info@xn--mnchen-3ya.example"},
		{"info@xn--mnchen-3ya.example", "info@xn--mnchen-3ya.example"},
		{"用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"},
	} {
		e, err := ParseEmail(tt.in)
		if err != nil {
			t.Errorf("ParseEmail(%q) refused: %v", tt.in, err)
			continue
		}
		if e.String() != tt.in || e.Canonical() != tt.canonical {
			t.Errorf("ParseEmail(%q) = %q, %q; want the canonical %q", tt.in, e, e.Canonical(), tt.canonical)
		}
	}
	for _, in := range []string{
		"", "ada", "ada@", "@example.com", "ada@example", "ada@example.com.", "ada@.example.com", "ada@example..com",
		"ada@-example.com", "ada@example-.com", "ada@exa_mple.com", "ada@127.0.0.1", "ada@[127.0.0.1]", "ada@exa mple.com",
		".ada@example.com", "ada.@example.com", "a..b@example.com", `"ada"@example.com`, "Ada <ada@example.com>",
		"ada(comment)@example.com", "ada@example.com(comment)", "a@b@example.com", "a b@example.com", " ada@example.com",
		"ada@example.com ", "ada@example.com\n", "a\x00da@example.com", "a\u0085da@example.com", "a\u200bda@example.com",
		"a,b@example.com", "ada@example.com,bob@example.com", "a\\b@example.com",
		"\u212aate@example.com", // the Kelvin sign, which lower-cases to k
		"\u0130da@example.com",  // the dotted capital I, which lower-cases to i
		"I\u0307da@example.com", // the same in two characters
		"ada@I\u0307da.com",
		"a\u1fefb@example.com", // normalises to a grave accent
		"ada@\u212aelvin.com", "ada@example.com\u3002",
		"ada@xn--a.com", "ada@" + strings.Repeat("a", 64) + ".com", "a" + long, "ada\xff@example.com",
	} {
		if e, err := ParseEmail(in); err == nil {
			t.Errorf("ParseEmail(%q) took it as %q", in, e.Canonical())
		} else if len(in) > 3 && strings.Contains(err.Error(), in) {
			t.Errorf("the error about %q repeats it: %v", in, err)
		}
	}
}

// The canonical form must be a fixed point and an address of its own, or one account could be found by one
// spelling and missed by another.
func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"ada@example.com", "JOS\u00c9@M\u00dcNCHEN.example", "\u212a@a.b", "ß@ß.de", "\u03a3\u03c2@example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEmail(s)
		if err != nil {
			return
		}
		if e.String() != s {
			t.Errorf("%q is kept as %q", s, e)
		}
		again, err := ParseEmail(e.Canonical())
		if len(e.Canonical()) > maxEmailBytes {
			return // an A-label may be longer than what it stands for
		}
		if err != nil {
			t.Fatalf("the canonical form %q of %q is refused: %v", e.Canonical(), s, err)
		}
		if again.Canonical() != e.Canonical() {
			t.Errorf("the canonical form %q of %q has another, %q", e.Canonical(), s, again.Canonical())
		}
		if strings.Count(e.Canonical(), "@") != strings.Count(s, "@") {
			t.Errorf("%q became %q", s, e.Canonical())
		}
	})
}

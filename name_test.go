package users

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseRoleName(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"A", "Team lead", "Ärztin", "管理者", strings.Repeat("é", 100), "a/b", "<script>"} {
		if n, err := ParseRoleName(in); err != nil || string(n) != in {
			t.Errorf("ParseRoleName(%q) = %q, %v", in, n, err)
		}
	}
	for _, in := range []string{"", " ", " a", "a ", "a\u00a0", "\u3000a", "a\x00b", "a\nb", "a\u0085b", strings.Repeat("é", 101)} {
		if _, err := ParseRoleName(in); err == nil {
			t.Errorf("ParseRoleName(%q) took it", in)
		}
	}
	for _, pair := range [][2]string{{"Admin", "aDMIN"}, {"Straße", "STRASSE"}, {"Jose\u0301", "JOSÉ"}, {"ΣΑΣ", "σας"}} {
		if a, b := RoleName(pair[0]).Key(), RoleName(pair[1]).Key(); a != b {
			t.Errorf("%q and %q are two names: %q, %q", pair[0], pair[1], a, b)
		}
	}
}

func TestParsePermissionName(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"a", "orders:read", "https://example.com/scope", "!#[]~", strings.Repeat("x", 100)} {
		if n, err := ParsePermissionName(in); err != nil || string(n) != in {
			t.Errorf("ParsePermissionName(%q) = %q, %v", in, n, err)
		}
	}
	for _, in := range []string{"", " ", "a b", `a"b`, `a\b`, "é", "a\x00", "a\x7f", "a\t", strings.Repeat("x", 101)} {
		if _, err := ParsePermissionName(in); err == nil {
			t.Errorf("ParsePermissionName(%q) took it", in)
		}
	}
}

func TestChoosePassword(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"12345678", strings.Repeat("é", 256), "e\u0301" + "1234567", "spaces are fine  ", "tab\tand\nnewline"} {
		if _, err := lengthAlone.Choose(in); err != nil {
			t.Errorf("Choose(%q) refused: %v", in, err)
		}
	}
	// Seven characters, written with eight code points.
	for _, in := range []string{"", "1234567", "e\u0301123456", strings.Repeat("a", 257), "1234567\x00", "p\xff\xfepassword"} {
		if _, err := lengthAlone.Choose(in); err == nil {
			t.Errorf("Choose(%q) took it", in)
		}
	}
	if a, b := PresentedPassword("e\u0301"), PresentedPassword("\u00e9"); a.Reveal() != b.Reveal() {
		t.Error("two spellings of one password differ")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	const secret = "correct horse"
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed := fmt.Sprintf(format+format+format, PresentedPassword(secret), PasswordHash(secret),
			struct{ P Password }{PresentedPassword(secret)})
		if strings.Contains(printed, secret) {
			t.Errorf("%s prints %s", format, printed)
		}
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	const canonical = "0190a6e2-1d2c-7c3b-9f00-0123456789ab"
	id, ok := ParseID(canonical)
	if !ok || id.String() != canonical {
		t.Fatalf("ParseID(%q) = %v, %v", canonical, id, ok)
	}
	for _, in := range []string{
		"", "0", strings.ToUpper(canonical), "{" + canonical + "}", "urn:uuid:" + canonical, strings.ReplaceAll(canonical, "-", ""),
		canonical + " ", " " + canonical, canonical[:35], canonical[:35] + "g", "00000000-0000-0000-0000-000000000000",
	} {
		if id, ok := ParseID(in); ok {
			t.Errorf("ParseID(%q) = %v", in, id)
		}
	}
	if v4 := "9b2d1a52-8a43-4f0e-9d3c-2c7f2b1a0c11"; func() bool { _, ok := ParseID(v4); return !ok }() {
		t.Errorf("a version 4 UUID is refused")
	}
	if a, b := NewID(), NewID(); a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 {
		t.Errorf("ids do not sort by creation: %v, %v", a, b)
	}
}

// FuzzParseID holds that an id has one spelling only.
func FuzzParseID(f *testing.F) {
	f.Add("0190a6e2-1d2c-7c3b-9f00-0123456789ab")
	f.Add("0190A6E2-1D2C-7C3B-9F00-0123456789AB")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := ParseID(s); ok && (id.String() != s || id.IsZero()) {
			t.Errorf("ParseID(%q) = %v", s, id)
		}
	})
}

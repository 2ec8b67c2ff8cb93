package users

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// decomposed is one character in NFC that can be typed as four.
const decomposed = "\u03b1\u0313\u0300\u0345"

// No character stands for more than four others, which is what maxTypedRunes rests on.
func TestLongestDecomposition(t *testing.T) {
	t.Parallel()
	longest := 0
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			longest = max(longest, utf8.RuneCountInString(norm.NFD.String(string(r))))
		}
	}
	if maxTypedRunes != longest*maxPasswordRunes {
		t.Errorf("the longest decomposition has %d characters, and %d of %d are taken", longest, maxTypedRunes, maxPasswordRunes)
	}
}

// The longest password that can be chosen can be used however it is typed, and nothing longer is normalised. It
// counts allocations, and so is not parallel.
func TestLongestPassword(t *testing.T) {
	longest := strings.Repeat(decomposed, maxPasswordRunes)
	chosen, err := lengthAlone.Choose(longest)
	if err != nil || utf8.RuneCountInString(chosen.Reveal()) != maxPasswordRunes {
		t.Fatalf("the longest password is refused: %v", err)
	}
	if PresentedPassword(longest).Reveal() != chosen.Reveal() || PresentedPassword(norm.NFC.String(longest)) != chosen {
		t.Error("the longest password is another one when it is presented")
	}
	for name, long := range map[string]string{
		"a character more":  longest + "a",
		"a byte more":       strings.Repeat("\U0001f511", maxTypedRunes) + "a",
		"a MiB":             strings.Repeat("a\u0301", 1<<20/3),
		"a MiB, not UTF-8":  strings.Repeat("\xcc", 1<<20),
		"a MiB, plain text": strings.Repeat("a", 1<<20),
	} {
		presented := PresentedPassword(long)
		if !strings.ContainsRune(presented.Reveal(), 0) || len(presented.Reveal()) > 1 {
			t.Errorf("%s: it is kept and compared", name)
		}
		if allocations := testing.AllocsPerRun(1, func() { PresentedPassword(long) }); allocations > 0 {
			t.Errorf("%s: work is done on it before it is refused", name)
		}
		if allocations := testing.AllocsPerRun(1, func() { _, _ = lengthAlone.Choose(long) }); allocations > 1 { // the error
			t.Errorf("%s: work is done on it before it is refused as a choice", name)
		}
		if _, err := lengthAlone.Choose(long); err == nil || err.Error() != "must have 8 to 256 characters" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

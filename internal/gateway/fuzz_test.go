package gateway

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzRequirement makes sure that whatever a proxy's request says is required is either known to the rules by its
// name or refused: nothing that was said is ever passed over, so that a slip never lets anybody in.
func FuzzRequirement(f *testing.F) {
	for _, seed := range []string{"a", "require=a", "require=a&x=%zz&require=b+c", "requir%65", "a  b", " ", "", "&require", "require=%zz", "a\tb", "%zz=1&require=a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		inHeader := parseRequireHeader([]string{said})
		if strings.Join(strings.Fields(strings.Join(inHeader, " ")), " ") != strings.Join(strings.Fields(said), " ") || len(inHeader) == 0 {
			t.Fatalf("%q requires %q", said, inHeader)
		}
		names, found := parseRequireQuery(said)
		values, err := url.ParseQuery(said)
		want := values[requireParam]
		delete(values, requireParam)
		if err == nil && len(found) == 0 && !slices.Equal(names, want) {
			t.Fatalf("%q requires %q, not %q", said, names, want)
		}
		if strange := len(values) > 0; err == nil && len(found) > 0 != strange {
			t.Fatalf("%q has the faults %v, and beside what is required there is %q", said, found, values)
		}
		encoded := encodeHeaderList(inHeader)
		if strings.ContainsFunc(encoded, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			t.Fatalf("%q is encoded as %q", said, encoded)
		}
		for i, element := range strings.Split(encoded, ",") {
			if decoded, err := url.PathUnescape(element); err != nil || decoded != inHeader[i] {
				t.Fatalf("%q is encoded as %q: %v", said, encoded, err)
			}
		}
	})
}

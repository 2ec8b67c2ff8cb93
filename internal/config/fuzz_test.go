package config

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzEnvFile feeds files to the reader and to the writer. Whatever the file holds, nothing of a value may come
// out in a message, and a file that can be read must, once a variable is set in it, say that and otherwise the same.
func FuzzEnvFile(f *testing.F) {
	for _, seed := range []string{
		"", "A=1", "export JWT_KID=x\r\n#c\r\n", "\xef\xbb\xbfJWT_KID='a b'\nJWT_KID=\"\\u00e9\"", "JWT_KID=a#b", "=", "export =x",
		"JWT_KID\t = x # y\n", "exportJWT_KID=1\nexport\tJWT_KID=2\n", "JWT_KID=1\nB=2", "\r\n\r", "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before, faults, warnings := readEnvFile(".env", data)
		for _, fault := range faults {
			if strings.ContainsAny(fault.String(), "\n\r\x00") {
				t.Errorf("a message is not one line: %q", fault)
			}
		}
		for _, w := range warnings {
			if name, found := strings.CutSuffix(string(w), " is no setting"); found && strings.ContainsFunc(name, func(r rune) bool { return r > 'z' || r < ' ' }) {
				t.Errorf("a warning repeats what is no name: %q", w)
			}
		}
		if len(faults) > 0 {
			return
		}
		pair := Pair{"JWT_KID", "fuzz=="}
		changed := setLines(data, []Pair{pair})
		after, faults, _ := readEnvFile(".env", changed)
		if len(faults) > 0 || after[pair.Name] != pair.Value {
			t.Fatalf("%q became %q: %v", data, changed, faults)
		}
		for name, value := range before {
			if name != pair.Name && after[name] != value {
				t.Errorf("%q became %q: another variable changed", data, changed)
			}
		}
		if again := setLines(changed, []Pair{pair}); !bytes.Equal(again, changed) {
			t.Errorf("%q became %q and then %q", data, changed, again)
		}
	})
}

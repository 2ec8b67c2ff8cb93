package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	random := testText(3)
	raw, err := base64.StdEncoding.DecodeString(random)
	if err != nil {
		t.Fatal(err)
	}
	want := testKey(t, 3).id
	for name, text := range map[string]string{
		"padded":       random,
		"bare":         strings.TrimRight(random, "="),
		"URL alphabet": base64.URLEncoding.EncodeToString(raw),
		"wrapped":      random[:20] + "\r\n" + random[20:] + "\n",
	} {
		if key, err := ParseKey(text); err != nil || key.id != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"hexadecimal": hex.EncodeToString(raw) + "Zz+/", // base64 of 51 bytes, as random as the 32
		"64 bytes":    base64.StdEncoding.EncodeToString(append(bytes.Clone(raw), raw...)),
	} {
		if _, err := ParseKey(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, refused := range map[string]struct {
		text string
		want error
	}{
		"empty":        {"", errShort},
		"a word":       {"secret", errNotBase64},
		"not base64":   {"!" + random, errNotBase64},
		"both":         {"+-" + random[2:], errNotBase64},
		"16 bytes":     {base64.StdEncoding.EncodeToString(raw[:16]), errShort},
		"31 bytes":     {base64.StdEncoding.EncodeToString(raw[:31]), errShort},
		"zeros":        {base64.StdEncoding.EncodeToString(make([]byte, 32)), errNotRandom},
		"repeated":     {base64.StdEncoding.EncodeToString(bytes.Repeat(raw[:8], 8)), errNotRandom},
		"a sentence":   {base64.StdEncoding.EncodeToString([]byte("correct horse battery staple, 2026, and some more of it")), errNotRandom},
		"a line":       {base64.StdEncoding.EncodeToString([]byte("the quick brown fox jumps over the lazy dog 0123\n")), errNotRandom},
		"far too long": {strings.Repeat(random, 100), errLong},
	} {
		if key, err := ParseKey(refused.text); key != nil || !errors.Is(err, refused.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package foreignhash

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// plain64 is base64 without padding, which the kept forms are written in. It refuses padding bits that are set, so that a
// digest has one spelling.
var plain64 = base64.RawStdEncoding.Strict()

// read64 decodes standard base64 with or without padding, and with "." for "+", as passlib writes it.
func read64(kind, name, text string) ([]byte, error) {
	text = strings.TrimRight(strings.ReplaceAll(text, ".", "+"), "=")
	return decode(kind, name, text, plain64.DecodeString)
}

// readLoose64 is read64 for base64url too, and with padding bits that are set: for keys and salts of other systems.
func readLoose64(kind, name, text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	return decode(kind, name, text, base64.RawStdEncoding.DecodeString)
}

// readHex decodes hexadecimal digits of either case.
func readHex(kind, name, text string) ([]byte, error) {
	return decode(kind, name, text, hex.DecodeString)
}

func decode(kind, name, text string, f func(string) ([]byte, error)) ([]byte, error) {
	b, err := f(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // package base64 skips line ends
		return nil, refuse(kind, "the %s cannot be decoded", name)
	}
	return b, nil
}

// form is such as m=…,t=….
func form(names []string) string { return strings.Join(names, "=…,") + "=…" }

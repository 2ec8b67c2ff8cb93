package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	goflag "flag"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = goflag.Bool("update", false, "write "+vectorsPath+" anew, with keys that are thrown away")

// vectorsPath is where the module for services behind us reads what this package says of tokens, so that the two
// verifiers cannot come to differ.
const vectorsPath = "../../authn/testdata/vectors.json"

type vectors struct {
	Issuer   string          `json:"issuer"`
	Audience string          `json:"audience"`
	Now      int64           `json:"now"`
	JWKS     json.RawMessage `json:"jwks"`
	Tokens   []vector        `json:"tokens"`
}

// vector is a token and what becomes of it. One that is not text is in base64.
type vector struct {
	Name   string `json:"name"`
	Token  string `json:"token,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
	Good   bool   `json:"good"`
}

func (v vector) text() string {
	if v.Base64 != nil {
		return string(v.Base64)
	}
	return v.Token
}

// tooLongToKeep leaves out what tests nothing but the length, which one of 9 KiB does too.
const tooLongToKeep = 16 << 10

// madeVectors makes them with the keys of this run.
func madeVectors() []vector {
	var made []vector
	add := func(name, token string, good bool) {
		v := vector{Name: name, Token: token, Good: good}
		if !utf8.ValidString(token) {
			v.Token, v.Base64 = "", []byte(token)
		}
		if len(token) <= tooLongToKeep {
			made = append(made, v)
		}
	}
	for _, k := range allKinds() {
		add(k.name, k.token, false)
	}
	for _, good := range []map[string]string{unforged(), unforgedServices()} {
		for name, token := range good {
			add("good "+name, token, true)
		}
	}
	for name, one := range unforgedExchanged() {
		add("good "+name, one.token, true)
	}
	at := func(claim string, offset int64) string {
		return signed(goodHeader().String(), goodPayload().with(claim, fmt.Sprint(testNow.Unix()+offset)).String())
	}
	add("good expired within the leeway", at("exp", -29), true)
	add("expired past the leeway", at("exp", -30), false)
	for _, claim := range []string{"iat", "nbf"} {
		add("good "+claim+" ahead within the leeway", at(claim, 30), true)
		add(claim+" ahead of the leeway", at(claim, 31), false)
	}
	// Keys that are published beside ours.
	under := func(alg, kid string) (head, body string) {
		return b64(object{{"alg", `"` + alg + `"`}, {"typ", `"JWT"`}, {"kid", `"` + kid + `"`}}.String()), b64(goodPayload().String())
	}
	head, body := under("ES384", largerKID)
	add("unusable key: P-384", head+"."+body+"."+b64(string(es(largerKey(), sum384(head+"."+body), 48))), false)
	head, body = under("ES256", largerKID)
	add("unusable key: P-384, called ES256", head+"."+body+"."+b64(string(es(largerKey(), sum256(head+"."+body), 48))), false)
	head, body = under("ES256", besideKID)
	add("unusable key: beside the curve", signPartsES(ourCurveKey(), head, body), false)
	head, body = under("RS256", confusedKID)
	add("unusable key: RSA for ES256", signParts(strange(), head, body), false)
	head, body = under("ES256", confusedKID)
	add("unusable key: RSA for ES256, called so", signParts(strange(), head, body), false)
	slices.SortFunc(made, func(a, b vector) int { return strings.Compare(a.Name, b.Name) })
	return made
}

// vectorKeys are the JWKs of the keys that verify the good tokens.
func vectorKeys() []string {
	var keys []string
	for _, k := range []*Key{ourKey(), ourNextKey()} {
		keys = append(keys, fmt.Sprintf(`{"kty":"RSA","kid":%q,"use":"sig","alg":"RS256","n":%q,"e":"AQAB"}`, k.id, b64(string(rsaOf(k).N.Bytes()))))
	}
	return append(keys, curveJWK(curveKID, "ES256", "P-256", ourCurveKey().public.(*p256Public).point))
}

// curveJWK is a JWK of a point in its uncompressed form.
func curveJWK(kid, alg, crv string, point []byte) string {
	half := len(point) / 2
	return fmt.Sprintf(`{"kty":"EC","kid":%q,"use":"sig","alg":%q,"crv":%q,"x":%q,"y":%q}`, kid, alg, crv, b64(string(point[1:1+half])), b64(string(point[1+half:])))
}

// The ids of keys that are published beside ours and that no verifier may use.
const (
	largerKID   = "key-p384"
	besideKID   = "key-beside-the-curve"
	confusedKID = "key-rsa-for-es256"
)

func unusableKeys() []string {
	larger, err := largerKey().PublicKey.Bytes()
	must(err)
	beside := bytes.Clone(ourCurveKey().public.(*p256Public).point)
	beside[64] ^= 1
	return []string{
		curveJWK(largerKID, "ES384", "P-384", larger),
		curveJWK(besideKID, "ES256", "P-256", beside),
		fmt.Sprintf(`{"kty":"RSA","kid":%q,"use":"sig","alg":"ES256","n":%q,"e":"AQAB"}`, confusedKID, b64(string(rsaOf(strange()).N.Bytes()))),
	}
}

func writeVectors(t *testing.T, made []vector) {
	t.Helper()
	keys := slices.Concat(vectorKeys(), unusableKeys())
	v := vectors{
		Issuer: testIssuer, Audience: testAudience, Now: testNow.Unix(),
		JWKS: json.RawMessage(`{"keys":[` + strings.Join(keys, ",") + `]}`), Tokens: made,
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	must(enc.Encode(v))
	if err := os.WriteFile(vectorsPath, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestVectors: the file holds every kind of token that is tried here, and says of each what this package says of
// it today.
func TestVectors(t *testing.T) {
	t.Parallel()
	made := madeVectors()
	if *update {
		writeVectors(t, made)
	}
	text, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	set := publicSet(t, v)
	now := time.Unix(v.Now, 0)
	good := 0
	for i, one := range v.Tokens {
		if _, err := set.Verify(one.text(), now); (err == nil) != one.Good {
			t.Errorf("%s: good is %v in the file, and here: %v", one.Name, one.Good, err)
		}
		if i < len(made) && made[i].Name != one.Name {
			t.Fatalf("the file has %q where %q would come now: go test ./internal/token -run TestVectors -update", one.Name, made[i].Name)
		}
		if one.Good {
			good++
		}
	}
	if len(v.Tokens) != len(made) {
		t.Errorf("the file has %d tokens, not %d: go test ./internal/token -run TestVectors -update", len(v.Tokens), len(made))
	}
	if bad := len(v.Tokens) - good; good < 12 || bad < 300 {
		t.Errorf("%d good and %d bad tokens", good, bad)
	}
}

// publicSet is the key set of the file, which can verify and not sign.
func publicSet(t *testing.T, v vectors) *KeySet {
	t.Helper()
	var document struct {
		Keys []struct{ Kid, Alg, Crv, N, X, Y string }
	}
	if err := json.Unmarshal(v.JWKS, &document); err != nil || len(document.Keys) != len(vectorKeys())+len(unusableKeys()) {
		t.Fatalf("%d keys, %v", len(document.Keys), err)
	}
	number := func(text string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var keys []*Key
	for _, k := range document.Keys[:len(vectorKeys())] {
		var public crypto.PublicKey = &rsa.PublicKey{N: new(big.Int).SetBytes(number(k.N)), E: 65537}
		if k.Crv != "" {
			point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, number(k.X), number(k.Y)))
			if err != nil {
				t.Fatal(err)
			}
			public = point
		}
		half, problem := newPublicHalf(public)
		if problem != "" || string(half.algorithm()) != k.Alg {
			t.Fatalf("the key %s is for %s: %s", k.Kid, k.Alg, problem)
		}
		keys = append(keys, keyOf(half, nil, k.Kid))
	}
	signing, err := GenerateKey(ES256) // a set has to have one; it has signed nothing of the file
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewKeySet(signing, keys, Options{Issuer: v.Issuer, Audiences: []string{v.Audience}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

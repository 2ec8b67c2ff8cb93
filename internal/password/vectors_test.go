package password

import (
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
)

// vector is a password and its hash as another implementation made or accepted it.
type vector struct {
	password string
	hash     users.PasswordHash
	fresh    bool // it is what a Hasher of its cost makes
}

// published are the vectors in passlib's test suite that users.Password can express, and with them those of
// Openwall's crypt_blowfish, John the Ripper and py-bcrypt.
var published = []vector{
	{"U*U*U*U*", "$2a$05$c92SVSfjeiCD6F2nAD6y0uBpJDjdRkt0EgeC4/31Rf2LUZbDRDE.O", false},
	{"U*U***U", "$2a$05$WY62Xk2TXZ7EvVDQ5fmjNu7b0GEzSzUXUh2cllxJwhtOeMtWV3Ujq", false},
	{"*U*U*U*U", "$2a$05$.WRrXibc1zPgIdRXYfv.4uu6TD1KWf0VnHzq/0imhUhuxSxCyeBs2", false},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
	{"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", false},
	{"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", false},
	{"", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", false},
	{"tá\u0411\u2113\u0259", "$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG", false},
	{"tá\u0411\u2113\u0259", "$2b$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG", true},
	{"tá\u0411\u2113\u0259", "$2y$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG", false},

	{"", "$bcrypt-sha256$2a,5$E/e/2AOhqM5W/KJTFQzLce$F6dYSxOdAEoJZO2eoHUZWZljW/e0TXO", false},
	{"password", "$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu", false},
	{"password", "$bcrypt-sha256$2b,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu", false},
	{"tá\u0411\u2113\u0259", "$bcrypt-sha256$2b,5$.US1fQ4TQS.ZTz/uJ5Kyn.$QNdPDOTKKT5/sovNz1iWg26quOU4Pje", false},
	{strings.Repeat("abc123", 12), "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$r/hyEtqJ0teqPEmfTLoZ83ciAI1Q74.", false},
	{strings.Repeat("abc123", 12) + "qwr", "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$021KLEif6epjot5yoxk0m8I0929ohEa", false},
	{strings.Repeat("abc123", 12) + "xyz", "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$7.1kgpHduMGEjvM3fX6e/QCvfn6OKja", false},

	{"", "$bcrypt-sha256$v=2,t=2b,r=5$E/e/2AOhqM5W/KJTFQzLce$WFPIZKtDDTriqWwlmRFfHiOTeheAZWe", false},
	{"password", "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS", false},
	{"tá\u0411\u2113\u0259", "$bcrypt-sha256$v=2,t=2b,r=5$.US1fQ4TQS.ZTz/uJ5Kyn.$pzzgp40k8reM1CuQb03PvE0IDPQSdV6", false},
	{strings.Repeat("abc123", 12), "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$zu1cloESVFIOsUIo7fCEgkdHaI9SSue", false},
	{strings.Repeat("abc123", 12) + "qwr", "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$CBF9csfEdW68xv3DwE6xSULXMtqEFP.", true},
	{strings.Repeat("abc123", 12) + "xyz", "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$zC/1UDUG2ofEXB6Onr2vvyFzfhEOS3S", true},
}

// fromPython were made by Python's bcrypt 4.0.1 and passlib 1.7.4, at the border of 72 bytes and at the
// longest password that can be chosen.
var fromPython = []vector{
	{"battery!", "$2b$04$U54s6ODg3dKS/gD1ium0mub4ibEVdzX9uOPHfeu902GF257XW5FIa", true},
	{"battery!", "$2a$04$MXxhFzjxpGCj06ae2gYGmOiFBntyf1wqYdRmK7wczVWV6ENtcg7Su", false},
	{"battery!", "$2y$04$i66AVJlJ4A1Phkq9KPu04OWKVWBSxUL8becnPVPNDLdc4Ya.025Du", false},
	{strings.Repeat("a", 71), "$2b$04$e1EuvRlAJmKrCF42Ubu2huV5cBflpLRwaWEoDMq8pQEHgDX9PREBa", true},
	{strings.Repeat("a", 72), "$2b$04$WkQZ/puBYNnMYazeIvi0e.GSmD1Uum/mKvFn98eyHu8ApaLFHx5re", true},
	{strings.Repeat("a", 72), "$2a$04$J1kJjjq7exP7V8lUX.p1Hu7SmUONcp1KWDmV5YlFZQpJbMFDZtfku", false},
	{strings.Repeat("ä", 35) + "x", "$2b$04$87jC1Ee4mp9IQUcltOr5huNDedyB3iuQvnzzfS1gRv3UkL8hpHY6u", true},
	{strings.Repeat("ä", 36), "$2b$04$QvnL1eMRT5j7OcqSOLOAmuF4JoTPzlRCGi306AIQ2ltdYQI3C2VSq", true},
	{strings.Repeat("🔑", 18), "$2b$04$iBcBOjz7pYHYrYEiZGCC7.89TNwNEZrDbAecJUIxS.Oc1IzwYkBr.", true},
	{strings.Repeat("a", 72), "$bcrypt-sha256$v=2,t=2b,r=4$VDT7SvHlcuIV3rwb4Oz/be$R2urd0/q8hW.qCzTJNolnqwXIBQfxk2", false},
	{strings.Repeat("a", 73), "$bcrypt-sha256$v=2,t=2b,r=4$yJU1iWKtQ/b1eJ8vBNGynO$k0vbbJ1sV5MUlQd68sem3kVQ1iOQ4d.", true},
	{strings.Repeat("a", 73), "$bcrypt-sha256$2b,4$mbLZo32Ttm5x5rEmEJEnsO$LgKYhFXR/TKNgP8ps5a2HVOkNLQsnH.", false},
	{strings.Repeat("a", 73), "$bcrypt-sha256$2a,4$D4/8zztycGmboksSFsus3O$dmBXn5gUE3SGaNbtLByPduGEgJ3vx2O", false},
	{strings.Repeat("ä", 36) + "x", "$bcrypt-sha256$v=2,t=2b,r=4$b9WvSFE0grejrV32zWlH2O$4yZO17kSYx6ciL5gNUMwAUQZymWXwky", true},
	{strings.Repeat("ä", 37), "$bcrypt-sha256$v=2,t=2b,r=4$9pLIfvAPoSqtIZiwqggcl.$OVDiTerYvR8zmPfNYEpdi4AsNVdbn2.", true},
	{strings.Repeat("🔑", 256), "$bcrypt-sha256$v=2,t=2b,r=4$FxYpmc6IDuaYm6Ur.aE7Je$sUKXV2ICz693Env8rTabJwVaDQMdC6C", true},
	{strings.Repeat("🔑", 256), "$bcrypt-sha256$2b,4$wGg72Q.fnoZy9suB3OhuZe$kcO1Rxj2MWMRULOdQkdoTzWTZJNGALq", false},
	{strings.Repeat("語", 256), "$bcrypt-sha256$v=2,t=2b,r=4$UPY92SK6JtPyqTGxQCvr6O$S9gzVjLRPAEfT2nWkFrgX.vy5cP9jJq", true},
}

// forPython were made by this package and then accepted, for their password and no other, by the same two.
var forPython = []vector{
	{"battery!", "$2b$04$W/lHigCO.ytg/REkCswHS.1KDCN3wFovic8AOQixF2IyGcIuBLPa2", true},
	{strings.Repeat("a", 72), "$2b$04$E.u6VxMe8hYzC0xyzceFzO3cuNsnhog8FMLPZ1Ergos2Z0xUInQ5.", true},
	{strings.Repeat("ä", 36), "$2b$04$1LI0yoiVj2hNhaPBW9PaUuW/OgpyttEyWG4pa2YjVIGVk7Eu/57R2", true},
	{strings.Repeat("a", 73), "$bcrypt-sha256$v=2,t=2b,r=4$Tx5xUDOwnEQF2dhCszbPT.$mpFobRSUcBoJrAW6KgdV/QYU0XDPSLu", true},
	{strings.Repeat("ä", 36) + "x", "$bcrypt-sha256$v=2,t=2b,r=4$gpcjLSlwl0tt85Leq6.oP.$oqzvhKYaOTzGovEAJ4wslcZqcDDwUwO", true},
	{strings.Repeat("🔑", 256), "$bcrypt-sha256$v=2,t=2b,r=4$BFO.KJ5L7MyEfKt53HseL.$ai2jqoONwPPcqiMfrbm5vA3w7jZm8qC", true},
	{strings.Repeat("語", 256), "$bcrypt-sha256$v=2,t=2b,r=4$D2MF3yk.6ShD4M1sm8VbKO$WwhxenSgfnOjMStaLAje8TOnJY.N4Hm", true},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for name, vectors := range map[string][]vector{"published": published, "from Python": fromPython, "for Python": forPython} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range vectors {
				s, ok := parse(v.hash)
				if !ok {
					t.Errorf("%s: unreadable", string(v.hash))
					continue
				}
				h := open(t, Options{Cost: s.cost, Workers: 1})
				want := users.PasswordCheck{Match: true, Outdated: !v.fresh}
				if got := mustCheck(t, h, v.hash, v.password); got != want {
					t.Errorf("%s with its password: got %+v, want %+v", string(v.hash), got, want)
				}
				for _, other := range []string{v.password + "x", "x" + v.password, strings.ToUpper(v.password) + "?"} {
					if got := mustCheck(t, h, v.hash, other); got != (users.PasswordCheck{}) {
						t.Errorf("%s with another password: got %+v", string(v.hash), got)
					}
				}
			}
		})
	}
}

// Bytes that are no UTF-8 cannot come in as a password, but are where implementations of bcrypt have erred:
// a sign-extended character, a length counted in eight bits.
func TestBcryptOnOddBytes(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0123456789", 26)
	for _, v := range []struct{ password, hash string }{
		{"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
		{"\xff\xa3345", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e"},
		{"\xa3ab", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS"},
		{strings.Repeat("\xaa\x55", 36), "$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy"},
		{strings.Repeat("\x55\xaa\xff", 24), "$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe"},
		{strings.Repeat("\xaa", 72) + "chars after 72", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6"},
		{"\xd1\x91", "$2y$05$6bNw2HLQYeqHYyBfLMsv/OUcZd0LKP39b87nBw3.S2tVZSqiQX6eu"},
		{digits[:255], "$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi"},
		{digits[:257], "$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi"},
	} {
		s, ok := parse(users.PasswordHash(v.hash))
		if !ok {
			t.Errorf("%s: unreadable", v.hash)
			continue
		}
		if got := bcrypt(keysFor(s.salt64, v.password)[plain], s.salt, rounds(s.cost)); got != s.digest {
			t.Errorf("%s: got digest %x, want %x", v.hash, got, s.digest)
		}
	}
}

package password

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/foreignhash"
)

// keep is Keep that succeeds.
func keep(t testing.TB, h *Hasher, text string, marks foreignhash.Marks) users.PasswordHash {
	t.Helper()
	hash, err := foreignhash.Read(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	kept, err := h.Keep(t.Context(), hash, marks)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return kept
}

// Hashes of other systems match their password and no other, are outdated, and what replaces them is not, with both
// defaults.
func TestImportedHashes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../foreignhash/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Texts []struct{ Kind, Made, Password, Hash string }
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]*Hasher{
		"bcrypt":   open(t, Options{Cost: MinCost}),
		"argon2id": open(t, Options{Cost: MinCost, Argon2: &foreignhash.Argon2{MemoryKiB: 64, Passes: 1, Lanes: 1}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range vectors.Texts {
				if strings.Contains(v.Made, "default") {
					continue // once one is compared, each refusal below would take as long
				}
				kept := keep(t, h, v.Hash, foreignhash.Marks{AsTyped: true, First72: true})
				if strings.HasPrefix(v.Kind, "salted") != strings.Contains(string(kept), wrapPrefix) && v.Kind != "phpass" && !strings.HasPrefix(v.Kind, "pbkdf2") {
					t.Errorf("%s: kept as %s", v.Hash, string(kept))
				}
				if got := mustCheck(t, h, kept, v.Password); got != (users.PasswordCheck{Match: true, Outdated: true, Marked: true}) {
					t.Errorf("%s, kept as %s: %+v", v.Hash, string(kept), got)
				}
				if got := mustCheck(t, h, kept, "x"+v.Password); got != (users.PasswordCheck{}) {
					t.Errorf("%s, kept as %s: %+v for another password", v.Hash, string(kept), got)
				}
				if got := mustCheck(t, h, mustHash(t, h, v.Password), v.Password); got != (users.PasswordCheck{Match: true}) {
					t.Errorf("its replacement: %+v", got)
				}
			}
		})
	}
}

// A hash with the parameters that systems take by default matches, is outdated, and is dearer than ours: from then on a
// refusal takes as long, whatever it refuses.
func TestDearHashes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"argon2id": "argon2$argon2id$v=19$m=8192,t=2,p=1$QUFBQUFBQUFBQUE$" + strings.Repeat("A", 43),
		"scrypt":   "scrypt$8192$AAAAAAAA$8$1$" + strings.Repeat("A", 43),
		"pbkdf2":   "pbkdf2_sha256$100000$AAAAAAAA$" + strings.Repeat("A", 43),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, Options{Cost: MinCost, Workers: 1})
			dear := keep(t, h, text, foreignhash.Marks{AsTyped: true})
			for range 3 {
				mustCheck(t, h, dear, "battery!")
			}
			least := h.work.mostExtra(time.Now())
			if least <= 0 {
				t.Fatal("not dearer than the least cost")
			}
			for kind, hash := range map[string]users.PasswordHash{"unknown": "", "ours": made(plain, version, MinCost, "another!"), "unreadable": "$"} {
				var rounds atomic.Int64
				inner := h.bcrypt
				h.bcrypt = func(key []byte, salt [saltSize]byte, n int) [digestSize]byte {
					rounds.Add(int64(n))
					return inner(key, salt, n)
				}
				mustCheck(t, h, hash, "battery!")
				h.bcrypt = inner
				if took := h.work.timeOf(int(rounds.Load())); took < least/2 {
					t.Errorf("%s: %v of work, and %v with the dear hash", kind, took, least)
				}
			}
		})
	}
}

// A weak hash is not to be found in what is kept of it, and matches again when it is computed.
func TestWeakHashesAreWrapped(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	const weak = "sha1$NaCl$20b4f2fbe4a0e6ff8e4f04b16a25e6ee4a5e5e35"
	kept := string(keep(t, h, weak, foreignhash.Marks{AsTyped: true}))
	if !strings.HasPrefix(kept, "$imported$as-typed$wrapped$salted-sha1$at=start$TmFDbA$2b$04$") {
		t.Errorf("kept as %s", kept)
	}
	hash, err := foreignhash.Read(weak)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(kept, hash.Text()[strings.LastIndexByte(hash.Text(), '$')+1:]) {
		t.Errorf("the weak digest is in %s", kept)
	}
}

// What a mark allows is allowed by that mark alone.
func TestMarks(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	long := strings.Repeat("a", 72) + "more"
	nfd, nfc := "cafe\u0301 battery", "caf\u00e9 battery"
	cut := string(made(plain, "2b", MinCost, long))
	asTyped := string(made(plain, "2b", MinCost, nfd))
	normal := string(made(plain, "2b", MinCost, nfc))
	first72, typed := foreignhash.Marks{First72: true}, foreignhash.Marks{AsTyped: true}
	both := foreignhash.Marks{AsTyped: true, First72: true}
	for _, c := range []struct {
		name, hash string
		marks      foreignhash.Marks
		password   string
		want       bool
	}{
		{"cut, unmarked", cut, foreignhash.Marks{}, long, false},
		{"cut, with the other mark", cut, typed, long, false},
		{"cut", cut, first72, long, true},
		{"cut, both marks", cut, both, long, true},
		{"cut, another end", cut, first72, long + "!", true},
		{"cut, another beginning", cut, first72, "b" + long, false},
		{"cut, a NUL", cut, first72, long + "\x00", false},
		{"as typed, unmarked", asTyped, foreignhash.Marks{}, nfd, false},
		{"as typed, with the other mark", asTyped, first72, nfd, false},
		{"as typed", asTyped, typed, nfd, true},
		{"as typed, in NFC", asTyped, typed, nfc, false},
		{"normal, as typed", normal, typed, nfd, true},
		{"normal, unmarked", normal, foreignhash.Marks{}, nfd, true},
	} {
		got := mustCheck(t, h, users.PasswordHash(c.marks.Prefix()+c.hash), c.password)
		marked := c.want && c.marks != foreignhash.Marks{}
		want := users.PasswordCheck{Match: c.want, Outdated: marked, Marked: marked}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, want)
		}
	}
	// The mark of 72 bytes counts for plain bcrypt alone.
	if kept := keep(t, h, "pbkdf2_sha256$20000$c2FsdA$"+strings.Repeat("A", 43), both); !strings.HasPrefix(string(kept), "$imported$as-typed$pbkdf2") {
		t.Errorf("kept as %s", string(kept))
	}
}

// Text that only looks like marks or a wrapped hash is unreadable.
func TestMarksAreExact(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost})
	plain := string(made(plain, "2b", MinCost, "battery!"))
	for _, text := range []string{
		"$imported$" + plain, "$imported" + plain, "$imported$first-72,as-typed" + plain, "$imported$as-typed,as-typed" + plain,
		"$imported$as-typed$imported$first-72" + plain, "$imported$As-Typed" + plain, "$imported$as-typed", "$imported$as-typed$",
		"$wrapped" + plain, "$wrapped$salted-md5$at=start" + plain, "$wrapped$salted-md4$at=start$c2FsdA" + plain,
		"$wrapped$salted-md5$at=start$c2Fsd===" + plain, "$wrapped$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ" + plain,
		"$wrapped$salted-md5$at=start$c2FsdA$wrapped$salted-md5$at=start$c2FsdA" + plain,
		"$wrapped$salted-md5$at=start$c2FsdA$imported$as-typed" + plain,
		"$wrapped$salted-md5$at=start$c2FsdA$pbkdf2-sha256$i=20000$c2FsdHNhbHQ$" + strings.Repeat("A", 43),
		"$wrapped$salted-md5$at=start$c2FsdA$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
		"pbkdf2_sha256$20000$salt$" + strings.Repeat("A", 43), "md5$salt$" + strings.Repeat("0", 32),
		"$pbkdf2-sha256$20000$c2FsdHNhbHQ$" + strings.Repeat("A", 43), // passlib's spelling
	} {
		if got := mustCheck(t, h, users.PasswordHash(text), "battery!"); got != (users.PasswordCheck{Unreadable: true}) {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for _, text := range []string{"!", "!unusable"} {
		if got := mustCheck(t, h, users.PasswordHash(text), "battery!"); got != (users.PasswordCheck{}) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// $2x$ is what the implementation computed that took bytes as signed; the vectors are crypt_blowfish's own.
func TestSignedBcrypt(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ password, hash string }{
		{"\xa3", "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"},
		{"\xff\xff\xa3", "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"},
		{"\xd1\x91", "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS"},
	} {
		s, ok := parse(users.PasswordHash(v.hash))
		if !ok {
			t.Errorf("%s: unreadable", v.hash)
			continue
		}
		if got := bcrypt(s.key(v.password), s.salt, rounds(s.cost)); got != s.digest {
			t.Errorf("%s: got digest %x, want %x", v.hash, got, s.digest)
		}
	}
}

// A hash that needs more memory than there is for all of them is not computed.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	h := open(t, Options{Cost: MinCost, Workers: 2, Memory: 1 << 20})
	large := keep(t, h, "$argon2id$v=19$m=1025,t=1,p=1$QUFBQUFBQUE$"+strings.Repeat("A", 43), foreignhash.Marks{})
	if got := mustCheck(t, h, large, "battery!"); got != (users.PasswordCheck{Unreadable: true}) {
		t.Errorf("%+v", got)
	}
	just := keep(t, h, "$argon2id$v=19$m=1024,t=1,p=1$QUFBQUFBQUE$"+strings.Repeat("A", 43), foreignhash.Marks{})
	var all sync.WaitGroup
	for range 4 { // more than fit at a time
		all.Go(func() {
			if got, err := h.Check(t.Context(), users.PurposeLogin, nil, just, users.PresentedPassword("battery!")); err != nil || got != (users.PasswordCheck{}) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	for memory, want := range map[int64]int{0: 8, 1: 1, 19 << 20: 1, 60 << 20: 3, 1 << 30: 8} {
		o := Options{Workers: 8, Memory: memory, Argon2: &foreignhash.Argon2{MemoryKiB: 19 << 10, Passes: 2, Lanes: 1}}
		if got := o.workers(); got != want {
			t.Errorf("%d workers with %d bytes, want %d", got, memory, want)
		}
		if o.memory() < int64(want)*19<<20 {
			t.Errorf("%d bytes are not enough for %d workers", o.memory(), want)
		}
	}
}

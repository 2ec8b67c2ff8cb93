package users

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// lengthAlone are the rules without lists and names.
var lengthAlone PasswordRules

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	rules := PasswordRules{
		MinLength: 10, Names: []string{"svc-users", "users.example.com"},
		Common: func(p string) bool { return strings.EqualFold(p, "1234567890") || strings.EqualFold(p, "iloveyou1!") },
	}
	email, err := ParseEmail("Ada.Lovelace+work@analytical.example")
	if err != nil {
		t.Fatal(err)
	}
	short := "must have 10 to 256 characters"
	common := "is one of the most common passwords"
	words := "must have 6 characters or more beside parts of the e-mail and of the service's name, spaces and punctuation"
	for _, c := range []struct{ password, problem string }{
		{"123456789", short},
		{"123456e\u0301a\u0301o\u0301", short}, // nine characters of twelve code points
		{strings.Repeat("a", 257), short},
		{strings.Repeat("a", 1<<20), short},
		{"1234567890", common},
		{"ILoveYou1!", common},
		{"iloveyou1!!", ""},
		{"correct horse", ""},
		{"aaaaaaaaaa", ""}, // no rule about the kinds of characters
		{"lovelace12", words},
		{"LOVELACE2026!", words},
		{"lovelacelovelace", words},
		{"ada.lovelace+work@analytical.example", words},
		{"Ada.Lovelace+1", words},
		{"Analytical-123456", ""},
		{"analytical-12345!", words},
		{"svc-users-2026", words},
		{"svc-users-svc", words},
		{"example.com-x", words}, // of users.example.com
		{"users-lovelace-1", words},
		{"love and lace", ""},
		{"adaadaadaada", words},
		{"complex horse", ""}, // of "com" and more
		{"horses lovelace", ""},
		{"correct\x00horse", "must not contain NUL"},
		{"correct horse\xff", "must be valid UTF-8"},
	} {
		p, err := rules.Choose(c.password, email)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.problem {
			t.Errorf("%.40q: %q, want %q", c.password, got, c.problem)
		}
		if (p == Password{}) != (err != nil) {
			t.Errorf("%.40q: a password that is refused is returned, or the other way round", c.password)
		}
	}
	if _, err := rules.Choose("lovelace12"); err != nil {
		t.Errorf("without an e-mail: %v", err)
	}
	if _, err := (PasswordRules{MinLength: 3}).Choose("1234567"); err == nil {
		t.Error("fewer than 8 characters are taken")
	}
}

// screen is a PasswordScreen that answers alike.
type screen struct {
	reason string
	err    error
	asked  int
}

func (s *screen) Screen(context.Context, Password) (string, error) {
	s.asked++
	return s.reason, s.err
}

// Screens are asked in order, until one objects or cannot say; what it objects to is the field's fault.
func TestScreens(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		screens []screen
		asked   []int
		want    error
	}{
		"none":    {nil, nil, nil},
		"nothing": {[]screen{{}, {}}, []int{1, 1}, nil},
		"objects": {[]screen{{}, {reason: "is known"}, {}}, []int{1, 1, 0}, ErrInvalid},
		"broken":  {[]screen{{err: broken}, {}}, []int{1, 0}, broken},
	} {
		var rules PasswordRules
		for i := range c.screens {
			rules.Screens = append(rules.Screens, &c.screens[i])
		}
		s := New(Ports{PasswordRules: rules, Passwords: noHash{}})
		_, err := s.hashNew(t.Context(), PurposeChange, "new_password", Password{nfc: "correct horse"})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		var refused *Error
		if errors.As(err, &refused) && !reflect.DeepEqual(refused.Faults, fault("new_password", "is known")) {
			t.Errorf("%s: %v", name, refused.Faults)
		}
		for i, want := range c.asked {
			if c.screens[i].asked != want {
				t.Errorf("%s: screen %d was asked %d times", name, i, c.screens[i].asked)
			}
		}
	}
}

func fault(field, problem string) (f Faults) {
	f.Add(field, problem)
	return f
}

// FuzzPasswordRules: whatever is chosen, it is what is presented later, and the words of the account are not all of it.
func FuzzPasswordRules(f *testing.F) {
	f.Add("lovelace2026", "ada.lovelace@example.com", "svc-users")
	f.Add("cafe\u0301 battery", "\u00e4\u00f6@b\u00fccher.example", "")
	f.Fuzz(func(t *testing.T, password, address, name string) {
		email, err := ParseEmail(address)
		if err != nil {
			return
		}
		p, err := (PasswordRules{Names: []string{name}}).Choose(password, email)
		if err != nil {
			return
		}
		if p.Reveal() != PresentedPassword(password).Reveal() {
			t.Errorf("%q is another password when it is presented", password)
		}
		if strings.EqualFold(p.Reveal(), address) {
			t.Errorf("the address %q is taken as its password", address)
		}
	})
}

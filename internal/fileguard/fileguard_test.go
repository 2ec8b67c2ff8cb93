package fileguard

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	self := identity{65532, 65532}
	for _, c := range []struct {
		what    string
		mode    fs.FileMode
		owner   identity
		warning string // a part of it
		refusal string
	}{
		{what: "our own", mode: 0o600, owner: self},
		{what: "our own folder", mode: fs.ModeDir | 0o700, owner: self},
		{what: "root's, shown by a secret's fsGroup", mode: 0o440, owner: identity{0, 65532}, warning: "read by a group (mode 0440, gid 65532); chmod 0400"},
		{what: "root's, as a secret is by default", mode: 0o644, owner: identity{0, 0}, warning: "read by every user"},
		{what: "root's volume for our group", mode: fs.ModeDir | fs.ModeSetgid | 0o770, owner: identity{0, 65532}, warning: "changed by the group of this user"},
		{what: "a user's with the umask 002", mode: 0o664, owner: self, warning: "changed by the group of this user (mode 0664); chmod 0600"},
		{what: "a folder with the umask 022", mode: fs.ModeDir | 0o755, owner: self, warning: "read by every user (mode 0755); chmod 0700"},
		{what: "another user's", mode: 0o600, owner: identity{1000, 65532}, refusal: "belongs to another user (uid 1000"},
		{what: "everybody's", mode: 0o666, owner: self, refusal: "every user (mode 0666): take that away (chmod 0600)"},
		{what: "everybody's but sticky", mode: fs.ModeDir | fs.ModeSticky | 0o777, owner: identity{0, 0}, refusal: "every user"},
		{what: "an emptyDir of Kubernetes", mode: fs.ModeDir | fs.ModeSetgid | 0o777, owner: identity{0, 65532}, refusal: "every user"},
		{what: "another group's", mode: 0o660, owner: identity{65532, 100}, refusal: "another group (mode 0660, gid 100)"},
		{what: "root's that another group may change", mode: 0o660, owner: identity{0, 0}, refusal: "another group"},
	} {
		warning, err := judge("the file", c.mode, c.owner, self)
		refusal := ""
		if err != nil {
			refusal = err.Error()
		}
		if !told(warning, c.warning) || !told(refusal, c.refusal) {
			t.Errorf("%s: warning %q, refusal %q", c.what, warning, refusal)
		}
	}
}

// told reports whether a sentence has a part, and is empty where that is.
func told(sentence, part string) bool {
	return (sentence == "") == (part == "") && strings.Contains(sentence, part)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if warning, err := Check(file); warning != "" || err != nil {
		t.Errorf("a missing file: %q %v", warning, err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode           fs.FileMode
		warns, refuses bool
	}{{0o600, false, false}, {0o400, false, false}, {0o640, true, false}, {0o644, true, false}, {0o602, false, true}, {0o646, false, true}} {
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{file, link} {
			warning, err := Check(path)
			if (warning != "") != c.warns || (err != nil) != c.refuses {
				t.Errorf("%s with mode %04o: %q %v", path, c.mode, warning, err)
			}
		}
	}
}

package tools

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/security.md says what holds each defence. A test or a file that it names must be there.
func TestSecurityNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "bin"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(source, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(string(document), -1) {
		name := m[1]
		switch {
		case regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w*$`).MatchString(name):
			named++
			if !tests[name] {
				t.Errorf("there is no %s", name)
			}
		case regexp.MustCompile(`^(authn|cmd|deploy|internal|scripts|tests|tools)/[\w./*-]+$|^[a-z]+\.go$|^Dockerfile$`).MatchString(name):
			named++
			if found, err := filepath.Glob("../" + name); err != nil || len(found) == 0 {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d tests and files are named", named)
	}
}

package tools

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pronouns below hide the subject of a sentence: the replica, the token, the client. A few are plain English;
// more than these budgets make a text that readers have to translate.
const (
	documentPronouns = 20 // in documents, configuration and scripts together
	// goPronouns is the number in Go files when this test was written. It is a ratchet: lower it whenever Go files lose
	// some, never raise it. In the end documents and Go files have the budget of 20 together.
	goPronouns = 30
)

// pronoun matches whole words in any case.
var pronoun = regexp.MustCompile(`(?i)\b(whoever|nobody|somebody)\b`)

// A text whose subjects are the technical nouns needs hardly any of these pronouns.
func TestPronouns(t *testing.T) {
	t.Parallel()
	// Tracked files only: builds, installed packages and databases lie in the same folders.
	tracked, err := exec.Command("git", "-C", "..", "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var documents, code []string // file:line of each pronoun
	files := 0
	for name := range strings.SplitSeq(strings.TrimRight(string(tracked), "\x00"), "\x00") {
		document, goFile := isDocument(name), isCode(name)
		if !document && !goFile {
			continue
		}
		content, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		files++
		found := pronouns(name, string(content))
		if document {
			documents = append(documents, found...)
		} else {
			code = append(code, found...)
		}
	}
	if files < 100 {
		t.Fatalf("only %d files were read", files)
	}
	for _, c := range []struct {
		what   string
		found  []string
		budget int
	}{{"documents, configuration and scripts", documents, documentPronouns}, {"Go files", code, goPronouns}} {
		if len(c.found) > c.budget {
			t.Errorf("%s have %d pronouns, with a budget of %d: name the subject instead\n%s", c.what, len(c.found), c.budget, strings.Join(c.found, "\n"))
		}
	}
}

// isDocument reports whether a tracked file counts as a document, configuration or a script. Decisions are kept as they
// were written; test data and lock files are not prose.
func isDocument(name string) bool {
	if strings.HasPrefix(name, "docs/decisions/") || isTestdata(name) {
		return false
	}
	switch path.Ext(name) {
	case ".md", ".yaml", ".yml":
		return true
	}
	return strings.HasPrefix(name, "deploy/") || strings.HasPrefix(name, "scripts/") || strings.HasPrefix(name, ".ci/") ||
		slices.Contains([]string{".env.example", "Dockerfile", "Makefile"}, name)
}

// isCode reports whether a tracked file counts as Go code. This file names the pronouns and is not counted.
func isCode(name string) bool {
	return path.Ext(name) == ".go" && !isTestdata(name) && name != "tools/words_test.go"
}

func isTestdata(name string) bool { return slices.Contains(strings.Split(name, "/"), "testdata") }

// pronouns lists each pronoun of a file as file:line: word.
func pronouns(name, content string) []string {
	var found []string
	number := 0
	for line := range strings.Lines(content) {
		number++
		for _, word := range pronoun.FindAllString(line, -1) {
			found = append(found, fmt.Sprintf("%s:%d: %s", name, number, word))
		}
	}
	return found
}

func TestPronounsAreFound(t *testing.T) {
	t.Parallel()
	got := pronouns("a.md", "Whoever asks.\nnobodyElse, somebody's\n\nNOBODY, nobody\n")
	want := []string{"a.md:1: Whoever", "a.md:2: somebody", "a.md:4: NOBODY", "a.md:4: nobody"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for name, want := range map[string][2]bool{
		"README.md": {true, false}, "deploy/haproxy/haproxy.cfg": {true, false}, "scripts/test.sh": {true, false}, "compose.yaml": {true, false},
		"docs/decisions/0001-a.md": {}, "internal/a/testdata/b.yaml": {}, "go.sum": {}, "tests/browser/package-lock.json": {},
		"serve.go": {false, true}, "internal/a/testdata/b.go": {}, "tools/words_test.go": {},
	} {
		if got := [2]bool{isDocument(name), isCode(name)}; got != want {
			t.Errorf("%s counts as document, code: %v", name, got)
		}
	}
}

package declare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/svc-users/svc-users"
)

// The bounds are those of a body of the API.
const (
	MaxSize  = 1 << 20 // bytes of a file
	maxItems = 1000    // of a list
)

// File is a declaration as a file has it. What is wrong with its parts is among its faults, by path; they are for
// the rules to add to.
type File struct {
	users.Declaration
	lines map[string]int
}

// SyntaxError is what makes a file unreadable, so that nothing can be said of its parts.
type SyntaxError struct {
	Line    int // 0 where it is no matter of a line
	Problem string
}

func (e *SyntaxError) Error() string { return e.Problem }

// Line is the line of what is at a path, or of the nearest thing around it.
func (f *File) Line(path string) int {
	for {
		if line, ok := f.lines[path]; ok {
			return line
		}
		cut := bytes.LastIndexByte([]byte(path), '.')
		if cut < 0 {
			return f.lines[""]
		}
		path = path[:cut]
	}
}

// Read reads a file. The error is a SyntaxError.
func Read(raw []byte) (*File, error) {
	if len(raw) > MaxSize {
		return nil, &SyntaxError{Problem: fmt.Sprintf("is larger than %d bytes", MaxSize)}
	}
	if !utf8.Valid(raw) {
		return nil, &SyntaxError{Problem: "is not valid UTF-8"}
	}
	raw = bytes.TrimPrefix(raw, byteOrderMark)
	root, err := readJSON(raw)
	if err != nil {
		root, err = readYAML(raw)
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		syntax.Problem = strings.Replace(syntax.Problem, "is not valid YAML", "is neither valid JSON nor valid YAML", 1)
	}
	if err != nil {
		return nil, err
	}
	file := &File{lines: map[string]int{"": 1}}
	r := reader{file}
	if err := r.plain(root); err != nil {
		return nil, err
	}
	r.declaration(root)
	return file, nil
}

// readYAML reads a file that is one YAML document. The error is a SyntaxError.
func readYAML(raw []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, &SyntaxError{Problem: "is empty"}
	}
	if err != nil {
		return nil, unreadable(err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, &SyntaxError{Line: second.Line, Problem: "holds more than one document"}
	case !errors.Is(err, io.EOF):
		return nil, unreadable(err)
	}
	return document.Content[0], nil
}

// located is how the parser begins its messages.
var located = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// unreadable words an error of the parser, whose message never repeats more than a name of the file's own.
func unreadable(err error) error {
	problem := err.Error()
	where := located.FindStringSubmatch(problem)
	if where == nil {
		return &SyntaxError{Problem: "is not valid YAML"}
	}
	line, _ := strconv.Atoi(where[1])
	return &SyntaxError{Line: line, Problem: "is not valid YAML: " + problem[len(where[0]):]}
}

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

	"github.com/svc-users/svc-users/internal/manifest"
)

// The bounds are those of a body of the API.
const (
	MaxSize  = 1 << 20 // bytes of a file
	maxItems = 1000    // of a list
)

// File is a declaration that was read from a file. Its faults are those that the file itself shows, by path such as
// "roles.0.parent"; the rules add theirs.
type File struct {
	manifest.Declaration
	lines map[string]int
}

// SyntaxError says that a file cannot be read as a whole, so that its parts have not been checked.
type SyntaxError struct {
	Line    int // 0 if the error is not about one line
	Problem string
}

func (e *SyntaxError) Error() string { return e.Problem }

// Line returns the line of the value at a path such as "roles.0.parent", or of the nearest value around it.
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

// unreadable converts an error of the parser to a SyntaxError. The parser's message repeats at most a name in the file.
func unreadable(err error) error {
	problem := err.Error()
	where := located.FindStringSubmatch(problem)
	if where == nil {
		return &SyntaxError{Problem: "is not valid YAML"}
	}
	line, _ := strconv.Atoi(where[1])
	return &SyntaxError{Line: line, Problem: "is not valid YAML: " + problem[len(where[0]):]}
}

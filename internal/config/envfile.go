package config

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/go-envparse"
)

// readEnvFile reads lines NAME=value, also "export NAME=value", blank lines and # comments. A value may stand in
// single quotes, where everything is itself, or in double quotes with the escapes of JSON; it never spans lines, and
// $ is a plain character. Messages name the file and the line, never the content of the line: a key that was pasted into
// the wrong place must not be logged.
func readEnvFile(name string, data []byte) (map[string]string, Faults, []Warning) {
	values := map[string]string{}
	var faults Faults
	var warnings []Warning
	text, problem := PlainText(data)
	if problem != "" {
		return nil, Faults{{filepath.Base(name), problem}}, nil
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		at := fmt.Sprintf("%s:%d", filepath.Base(name), i+1)
		key, value, problem := parseEnvLine(line)
		switch {
		case problem != "":
			faults = append(faults, Fault{at, problem})
			continue
		case key == "":
			continue
		case !known(key) && speakable.MatchString(key):
			warnings = append(warnings, Warning(fmt.Sprintf("%s: %s is no setting", at, key)))
		case !known(key):
			warnings = append(warnings, Warning(at+": the name before the = is no setting"))
		}
		if _, twice := values[key]; twice && known(key) {
			warnings = append(warnings, Warning(fmt.Sprintf("%s: %s is set a second time; the last one counts", at, key)))
		}
		values[key] = value
	}
	return values, faults, warnings
}

// parseEnvLine returns a name and its value, two empty strings for a line that holds none, or what is wrong.
func parseEnvLine(line []byte) (name, value, problem string) {
	pair, err := envparse.Parse(bytes.NewReader(line))
	switch {
	case errors.Is(err, envparse.ErrUnmatchedSingle), errors.Is(err, envparse.ErrUnmatchedDouble):
		return "", "", "has a quote that does not end on that line"
	case err != nil:
		return "", "", "is not a line of the form NAME=value"
	case gluedComment(line):
		return "", "", "has a # right after other characters: put the value in single quotes, or a space before the comment"
	}
	for name, value = range pair {
		return name, value, ""
	}
	return "", "", ""
}

// gluedComment reports whether an unquoted # stands right behind a value, where go-envparse cuts the value off
// and docker compose does not: a password must not be cut silently.
func gluedComment(line []byte) bool {
	if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] == '#' {
		return false
	}
	_, value, _ := bytes.Cut(line, []byte("="))
	value = bytes.TrimSpace(value)
	var quote byte
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '#':
			return i > 0 && value[i-1] != ' ' && value[i-1] != '\t'
		}
	}
	return false
}

// speakable matches the name of a setting. Other text before a = may be a piece of a key, whose base64 ends in that
// character, and is not repeated in messages.
var speakable = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

func known(name string) bool {
	if companions[name] {
		return true
	}
	for _, s := range settings {
		if s.Name == name || s.Secret && s.Name+fileSuffix == name {
			return true
		}
	}
	return false
}

// setsVariable reports whether the line sets the variable, and what stands before its name: spaces, export.
func setsVariable(line []byte, variable string) (before string, ok bool) {
	head, _, found := strings.Cut(string(line), "=")
	if !found {
		return "", false
	}
	trimmed := strings.TrimRight(head, " \t")
	before, ok = strings.CutSuffix(trimmed, variable)
	word := strings.TrimSpace(before)
	if !ok || word != "" && (word != "export" || strings.TrimRight(before, " \t") == before) {
		return "", false
	}
	return before, true
}

package system

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// output takes what a process writes, line by line, and notes what must not be in it. It keeps the last lines
// alone, so that a run of hours stays small.
type output struct {
	// record says what is wrong with a line as a record of the log, or nothing; nil where lines are words.
	record func(line string) string
	seen   chan string // receives each line, where a test waits for one; else nil

	mu       sync.Mutex
	partial  []byte
	lines    []string // the last of them
	count    int
	said     map[string]int // by message, the number of the last record with it, of those that are JSON
	problems []string
}

const keptLines = 12

// Write implements io.Writer. It never fails: a process must not be held up by what is found in its words.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.partial = append(o.partial, p...)
	for {
		end := bytes.IndexByte(o.partial, '\n')
		if end < 0 {
			return len(p), nil
		}
		o.line(string(o.partial[:end]))
		o.partial = o.partial[end+1:]
	}
}

func (o *output) line(line string) {
	o.count++
	if o.lines = append(o.lines, line); len(o.lines) > keptLines {
		o.lines = o.lines[1:]
	}
	if what := leakIn(line, false); what != "" {
		o.problem("%s is in a line of it, of %d bytes", what, len(line))
	}
	if o.record != nil {
		if what := o.record(line); what != "" {
			o.problem("%s: %.2000q", what, line)
		}
		o.note(line)
	}
	if o.seen != nil {
		select {
		case o.seen <- line:
		default: // the waiting test already has its line
		}
	}
}

// note keeps the number of a record. Records of requests are too many to be kept.
func (o *output) note(line string) {
	var r struct{ Msg string }
	if strings.Contains(line, `"msg":"request"`) || json.Unmarshal([]byte(line), &r) != nil || r.Msg == "" {
		return
	}
	if o.said == nil {
		o.said = map[string]int{}
	}
	o.said[r.Msg] = o.count
}

// last is where the last record with a message is, 0 if there is none.
func (o *output) last(message string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said[message]
}

// jsonRecord holds a line against what is true of all records where LOG_FORMAT is json.
func jsonRecord(line string) string {
	var r struct {
		Time, Level, Msg string
		Status           int
	}
	switch err := json.Unmarshal([]byte(line), &r); {
	case err != nil || r.Time == "" || r.Level == "" || r.Msg == "":
		return "a line is no record"
	case r.Level == "ERROR" || r.Status == 500:
		return "a defect"
	case strings.Contains(line, mailDomain):
		return "an e-mail is in a record"
	}
	return ""
}

// textRecord is the same where it is text.
func textRecord(line string) string {
	switch {
	case !strings.HasPrefix(line, "time=") || !strings.Contains(line, " level=") || !strings.Contains(line, " msg="):
		return "a line is no record"
	case strings.Contains(line, " level=ERROR ") || strings.Contains(line, " status=500 "):
		return "a defect"
	case strings.Contains(line, mailDomain):
		return "an e-mail is in a record"
	}
	return ""
}

func (o *output) problem(format string, args ...any) {
	if len(o.problems) < 10 {
		o.problems = append(o.problems, fmt.Sprintf(format, args...))
	}
}

// end looks at what came after the last newline, of a process that is no more. One that was killed may have left
// half a line, which is searched for secrets alone.
func (o *output) end() (problems []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if what := leakIn(string(o.partial), false); what != "" {
		o.problem("%s is in its last line", what)
	}
	return o.problems
}

// tail is the last lines, for the words of a failure.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n")
}

// total is how many lines were written so far.
func (o *output) total() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count
}

package apitest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/svc-users/svc-users/internal/app"
)

// One schema of the document stands for several answers, so that clients which are generated from it need not choose:
// see docs/decisions/0012-one-schema-for-each-success.md. What the schemas leave open is held against the examples here.

// documented is an operation with the examples of its answers in the envelope.
type documented struct {
	Responses map[string]struct {
		Content map[string]struct {
			Example  json.RawMessage
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
}

// documentedOperations are those of the document, by path and method in lower case.
var documentedOperations = sync.OnceValues(func() (map[string]map[string]documented, error) {
	var document struct {
		Paths map[string]map[string]documented
	}
	err := json.Unmarshal(app.Document(), &document)
	return document.Paths, err
})

// shown are the examples of the operation's answer with this status.
func (o documented) shown(status int) []Envelope {
	media := o.Responses[strconv.Itoa(status)].Content["application/json"]
	texts := []json.RawMessage{media.Example}
	for _, e := range media.Examples {
		texts = append(texts, e.Value)
	}
	var list []Envelope
	for _, text := range texts {
		var e Envelope
		if json.Unmarshal(text, &e) == nil {
			list = append(list, e)
		}
	}
	return list
}

// constantMessages are those of errors that always say the same.
var constantMessages = map[int]string{
	http.StatusUnprocessableEntity: "Validation error", http.StatusInternalServerError: "Internal server error",
	http.StatusRequestTimeout: "The body did not arrive in time.",
}

// unlike says what about an answer in the envelope is not as its operation's examples are, or nothing.
func (a *Answer) unlike(request *http.Request) string {
	if a.Status >= http.StatusBadRequest {
		switch want, constant := constantMessages[a.Status]; {
		case constant && a.Message != want:
			return "the message of the error is not " + want
		case !isNull(a.Meta):
			return "an error has meta"
		case !isNull(a.Data) && request.URL.Path != "/api/v1/health":
			return "an error has data"
		}
		return ""
	}
	operations, err := documentedOperations()
	if err != nil {
		return err.Error()
	}
	_, literal := operations[request.URL.Path] // goes before a pattern that stands for it too
	for path, methods := range operations {
		if literal && path != request.URL.Path || !stands(path, request.URL.Path) {
			continue
		}
		why := "no example has this message"
		for _, example := range methods[strings.ToLower(request.Method)].shown(a.Status) {
			if example.Message != a.Message {
				continue
			}
			if why = a.differs(example); why == "" {
				break
			}
		}
		return why
	}
	return "no operation is at this path"
}

// differs says what is not as in the example that has the answer's message, or nothing.
func (a *Answer) differs(example Envelope) string {
	got, want := members(a.Data), members(example.Data)
	switch {
	case isNull(a.Meta) != isNull(example.Meta):
		return "meta is null here and not in the example, or the other way round"
	case isNull(a.Data) != isNull(example.Data):
		return "data is null here and not in the example, or the other way round"
	case slices.Equal(got, want), a.Request.Method != http.MethodGet && slices.Equal(got, []string{"id"}):
		return "" // where the caller may not read what was written, there is the id alone
	}
	return "the members of data are " + strings.Join(got, " ") + ", in the example " + strings.Join(want, " ")
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// members are the names of an object's members, sorted; none of anything else.
func members(value json.RawMessage) []string {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(object))
}

// stands reports whether a path with {parameters} stands for this one.
func stands(pattern, path string) bool {
	wanted, parts := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(wanted) != len(parts) {
		return false
	}
	for i, part := range wanted {
		if part != parts[i] && !strings.HasPrefix(part, "{") {
			return false
		}
	}
	return true
}

package web

import (
	"testing"

	"github.com/go-json-experiment/json"
)

// byHand is data that writes its own JSON.
type byHand struct {
	Name string `json:"name"`
}

func (v byHand) AppendJSON(b []byte) ([]byte, error) {
	b, err := AppendText(append(b, `{"name":`...), v.Name)
	return append(b, '}'), err
}

// A list is what the general encoder makes of it, whether its items write their own JSON or not.
func TestListsAsByReflection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ours, plain any }{
		{items[byHand]{}, []byHand{}},
		{items[byHand]{{"a"}}, []byHand{{"a"}}},
		{items[byHand]{{"a\"b"}, {"ü"}}, []byHand{{"a\"b"}, {"ü"}}},
		{items[string]{}, []string{}},
		{items[string]{"a", "</b>"}, []string{"a", "</b>"}},
	} {
		want, err := json.Marshal(c.plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := AppendJSON([]byte("x"), c.ours); err != nil || string(got) != "x"+string(want) {
			t.Errorf("%s, %v; want x%s", got, err, want)
		}
	}
	if _, err := AppendJSON(nil, items[byHand]{{"a"}, {"\xff"}}); err == nil {
		t.Error("what is not UTF-8 is written")
	}
}

package web

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSONAppender is data that writes its own JSON, because going by reflection would cost too much. What it writes is the
// same as what package json would. The error is that of a text which is not UTF-8.
type JSONAppender interface {
	AppendJSON(b []byte) ([]byte, error)
}

// AppendJSON appends the JSON of a value to b. An error is a defect: a value that cannot be JSON.
func AppendJSON(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case JSONAppender:
		return v.AppendJSON(b)
	default:
		encoded, err := json.Marshal(value)
		return append(b, encoded...), err
	}
}

// items is a list as answers have it.
type items[T any] []T

// AppendJSON asks each item for its JSON, where items write their own.
func (list items[T]) AppendJSON(b []byte) ([]byte, error) {
	if _, ok := any(new(T)).(JSONAppender); !ok {
		return AppendJSON(b, []T(list))
	}
	b = append(b, '[')
	var err error
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = any(&list[i]).(JSONAppender).AppendJSON(b); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// AppendText appends a JSON string. It returns an error for what is not UTF-8, which only SQL by hand could have left.
func AppendText(b []byte, s string) ([]byte, error) { return jsontext.AppendQuote(b, s) }

// AppendNullable appends a JSON string, or null.
func AppendNullable(b []byte, s *string) ([]byte, error) {
	if s == nil {
		return append(b, "null"...), nil
	}
	return AppendText(b, *s)
}

// AppendTime appends a time such as "2025-10-22T12:00:00.123456Z".
func AppendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// MapSlice maps a list; the result is never nil, so that it is [] and not null on the wire.
func MapSlice[T, Out any](list []T, f func(T) Out) []Out {
	out := make([]Out, len(list))
	for i, item := range list {
		out[i] = f(item)
	}
	return out
}

// ToStrings makes strings of names; the result is never nil.
func ToStrings[T ~string](names []T) []string {
	return MapSlice(names, func(name T) string { return string(name) })
}

package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// explain turns what ended the reading into the refusal: what is wrong and where, and nothing of the value.
// Where the decoder itself gave up on the depth, that is the fault.
func (r *reader) explain(err error) error {
	if r.dec.StackDepth() >= decoderDepth {
		r.other = true
		return nil
	}
	at := r.dec.InputOffset()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at = syntax.ByteOffset
	}
	switch {
	case len(bytes.TrimSpace(r.raw)) == 0:
		return &refusal{status: http.StatusBadRequest, message: "The body is empty; it must be a JSON object."}
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return invalidJSON("it ends too early", int64(len(r.raw)))
	case errors.Is(err, jsontext.ErrDuplicateName):
		return invalidJSON("duplicate member", at)
	case errors.Is(err, errTrailing):
		return invalidJSON("something follows the object", at)
	default:
		return invalidJSON("unexpected text", at)
	}
}

func invalidJSON(problem string, offset int64) error {
	return &refusal{
		status:  http.StatusBadRequest,
		message: fmt.Sprintf("The body is not valid JSON: %s, at byte %d.", problem, offset),
	}
}

// indexInvalidUTF8 is the offset of the first byte that is not UTF-8, or -1.
func indexInvalidUTF8(raw []byte) int {
	for i := 0; i < len(raw); {
		if raw[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Bounds on the body of a request, in bytes: a route has the least of these that holds its largest valid body, also
// where a client escapes all but ASCII as \uXXXX.
const (
	// SmallBody is for a few texts. A password of 256 characters takes 6 KiB where each is typed as four code points
	// and escaped, an e-mail 254 bytes, a name 1.2 KiB, a description 3 KiB.
	SmallBody = 8 << 10
	// TokenBody is for a form with a token of 8 KiB.
	TokenBody = 16 << 10
	// ExchangeBody is for a form with two tokens of 8 KiB, an assertion of as many and a scope.
	ExchangeBody = 40 << 10
	// IDsBody is for 1,000 ids: 40 KiB, and 48 KiB where each has a line of its own.
	IDsBody = 64 << 10
	// NamesBody is for 1,000 names of permissions, of 100 bytes each.
	NamesBody = 128 << 10
	// EvaluationsBody is for 1,000 evaluations of AuthZEN, each with a resource and an action of its own.
	EvaluationsBody = 256 << 10
	// DeclarationBody is for 1,000 permissions and 1,000 roles, most of them with descriptions.
	DeclarationBody = 1 << 20
)

// readBody returns the whole body of a request, once its headers say that it is of this type.
func (x *Exchange) readBody(b *bodySpec) ([]byte, error) {
	if err := checkMediaType(x.Request.Header, b.mediaType); err != nil {
		return nil, err
	}
	if x.Request.ContentLength > b.maxBytes {
		return nil, bodyTooLarge(b.maxBytes)
	}
	x.taken = true
	raw, err := x.collect(http.MaxBytesReader(x.w, x.Request.Body, b.maxBytes), b.maxBytes)
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return raw, nil
	case errors.As(err, &over):
		return nil, bodyTooLarge(b.maxBytes)
	case errors.Is(err, errBodyBudget):
		return nil, &refusal{
			status: http.StatusServiceUnavailable, message: "Too many large bodies at once; try again shortly.",
			fields: []string{"Retry-After", "1", "Connection", "close"}, cause: err,
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{
			status: http.StatusRequestTimeout, message: "The body did not arrive in time.",
			fields: []string{"Connection", "close"}, cause: err,
		}
	default:
		return nil, &refusal{
			status: http.StatusBadRequest, message: "The body could not be read to its end.",
			fields: []string{"Connection", "close"}, cause: err,
		}
	}
}

// collect reads to the end into a buffer that grows with what has arrived, not with the length that was announced:
// a client that announces much and sends little holds little. What the buffer takes is charged to the budget of all
// bodies before it grows.
func (x *Exchange) collect(from io.Reader, most int64) ([]byte, error) {
	largest := most + 1 // one more, to see the end without growing
	size := int64(512)
	if length := x.Request.ContentLength; length >= 0 {
		largest = length + 1
		size = min(largest, firstBuffer)
	}
	buffer := make([]byte, 0, size)
	for {
		if len(buffer) == cap(buffer) {
			size = min(2*size, largest)
			if !x.chargeBody(size) {
				return nil, errBodyBudget
			}
			buffer = append(make([]byte, 0, size), buffer...)
		}
		n, err := from.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if errors.Is(err, io.EOF) {
			return buffer, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func bodyTooLarge(most int64) error {
	// The rest of the body is not worth reading to save the connection.
	return &refusal{
		status: http.StatusRequestEntityTooLarge, message: "The body is larger than " + strconv.FormatInt(most, 10) + " bytes.",
		fields: []string{"Connection", "close"},
	}
}

// checkMediaType wants exactly one Content-Type, the one that is asked for in UTF-8, and no content coding.
func checkMediaType(h http.Header, want string) error {
	if types := h["Content-Type"]; len(types) != 1 || !isMediaType(types[0], want) {
		return &refusal{status: http.StatusUnsupportedMediaType, message: "The body must be " + want + " in UTF-8."}
	}
	for _, coding := range h["Content-Encoding"] {
		if !strings.EqualFold(strings.TrimSpace(coding), "identity") {
			return &refusal{
				status: http.StatusUnsupportedMediaType, message: "The body must not have a content coding.",
				fields: []string{"Accept-Encoding", "identity"},
			}
		}
	}
	return nil
}

func isMediaType(contentType, want string) bool {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != want {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

const (
	// maxDrained is up to which length, in bytes, net/http itself reads a body that the handler has not read, before it
	// sends the answer. This is not documented. With longer bodies it closes the connection.
	maxDrained = 256 << 10
	// bodyGrace is how long an answer waits for a body that it does not need.
	bodyGrace = 20 * time.Millisecond
)

// drainBody reads a body that the operation does not need, if it has arrived already, so that the connection can be used
// again. If it has not, the connection ends with the answer, which would otherwise have to wait for the body, for up to
// half a minute; and it may be a yes.
func (x *Exchange) drainBody() {
	if x.Request.ContentLength > maxDrained || x.Request.Header.Get("Expect") != "" {
		return // net/http ends the connection by itself
	}
	control := http.NewResponseController(x.w)
	if control.SetReadDeadline(time.Now().Add(bodyGrace)) != nil {
		return // there is no connection
	}
	if _, err := io.CopyN(io.Discard, x.Request.Body, maxDrained); !errors.Is(err, io.EOF) {
		x.Set("Connection", "close")
	}
	_ = control.SetReadDeadline(time.Time{}) // for the next request net/http sets another
}

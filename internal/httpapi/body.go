package httpapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
)

// maxBody is the largest request body taken, in bytes.
const maxBody = 1 << 20

// readBody returns the whole body of a request, once its headers say that it is of this type.
func (x *exchange) readBody(mediaType string) ([]byte, error) {
	if err := checkMediaType(x.r.Header, mediaType); err != nil {
		return nil, err
	}
	if x.r.ContentLength > maxBody {
		return nil, tooLarge()
	}
	x.taken = true
	raw, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return raw, nil
	case errors.As(err, &over):
		return nil, tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{
			status: http.StatusRequestTimeout, message: "The body did not arrive in time.",
			header: "Connection", value: "close", cause: err,
		}
	default:
		return nil, &refusal{
			status: http.StatusBadRequest, message: "The body could not be read to its end.",
			header: "Connection", value: "close", cause: err,
		}
	}
}

func tooLarge() error {
	// The rest of the body is not worth reading to save the connection.
	return &refusal{
		status: http.StatusRequestEntityTooLarge, message: "The body is larger than 1048576 bytes.",
		header: "Connection", value: "close",
	}
}

// checkMediaType wants exactly one Content-Type, the one that is asked for in UTF-8, and no content coding.
func checkMediaType(h http.Header, want string) error {
	if types := h["Content-Type"]; len(types) != 1 || !isType(types[0], want) {
		return &refusal{status: http.StatusUnsupportedMediaType, message: "The body must be " + want + " in UTF-8."}
	}
	for _, coding := range h["Content-Encoding"] {
		if !strings.EqualFold(strings.TrimSpace(coding), "identity") {
			return &refusal{
				status: http.StatusUnsupportedMediaType, message: "The body must not have a content coding.",
				header: "Accept-Encoding", value: "identity",
			}
		}
	}
	return nil
}

func isType(contentType, want string) bool {
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
	// maxPassed is up to which length, in bytes, net/http waits for a body that nobody has read before it sends the
	// answer. It does not say so; with longer ones it ends the connection.
	maxPassed = 256 << 10
	// bodyGrace is how long an answer waits for a body that it does not need.
	bodyGrace = 20 * time.Millisecond
)

// passOver reads a body that nobody wants, so that the connection can be used again, if it is there already. If not,
// the connection ends with the answer, which would otherwise have to wait for whoever sends the body, for half a
// minute; and it may be a yes.
func (x *exchange) passOver() {
	if x.r.ContentLength > maxPassed || x.r.Header.Get("Expect") != "" {
		return // net/http ends the connection by itself
	}
	control := http.NewResponseController(x.w)
	if control.SetReadDeadline(time.Now().Add(bodyGrace)) != nil {
		return // there is no connection
	}
	if _, err := io.CopyN(io.Discard, x.r.Body, maxPassed); !errors.Is(err, io.EOF) {
		x.set("Connection", "close")
	}
	_ = control.SetReadDeadline(time.Time{}) // for the next request net/http sets another
}

package web

import (
	"net/http"
	"strconv"

	users "github.com/svc-users/svc-users"
)

// JSONType is the media type of JSON, with nothing after it.
const JSONType = "application/json"

// Envelope is the one object of every JSON answer under /api/v1: always the same six keys. Data, Errors and
// Meta are null when they are nil; Keys is a seventh key, which the JWKS answer alone has.
type Envelope struct {
	Code    int // the status; whether it is a success follows from it
	Message string
	Data    any
	Errors  []Fault
	Meta    any
	Keys    any
}

// Fault is one element of errors.
type Fault struct {
	Field   string `json:"field" doc:"Dotted path of the field such as permission_ids.0, or the query parameter; empty for the whole body" example:"email"`
	Problem string `json:"error" doc:"What is wrong, in a sentence that does not repeat the value" example:"is required"`
}

func toFaults(found users.Faults) []Fault {
	out := make([]Fault, len(found))
	for i, f := range found {
		out[i] = Fault{Field: f.Field, Problem: f.Problem}
	}
	return out
}

// Append appends the envelope's JSON to b. An error is a defect: a value that cannot be JSON.
func (e Envelope) Append(b []byte) ([]byte, error) {
	status := "success"
	if e.Code >= 400 {
		status = "error"
	}
	b = append(b, `{"status":"`...)
	b = append(b, status...)
	b = append(b, `","code":`...)
	b = strconv.AppendInt(b, int64(e.Code), 10)
	b = append(b, `,"message":`...)
	b, err := AppendText(b, e.Message)
	if err != nil {
		return nil, err
	}
	var faults any
	if e.Errors != nil {
		faults = e.Errors
	}
	members := []struct {
		prefix string
		value  any
	}{{`,"data":`, e.Data}, {`,"errors":`, faults}, {`,"meta":`, e.Meta}, {`,"keys":`, e.Keys}}
	for i, m := range members {
		if i == len(members)-1 && m.value == nil {
			break
		}
		b = append(b, m.prefix...)
		if b, err = AppendJSON(b, m.value); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// Reply keeps an envelope as the answer. An error is a defect: data that cannot be JSON.
func (x *Exchange) Reply(e Envelope) error {
	lent := x.takeBuffer()
	body, err := e.Append((*lent)[:0])
	if err != nil {
		return err
	}
	if cap(body) <= maxBuffer {
		*lent = body[:0] // it may have grown
	}
	x.Answer(e.Code, JSONType, body)
	return nil
}

// internalError is the envelope of a defect, spelled out so that nothing can go wrong in making it.
const internalError = `{"status":"error","code":500,"message":"Internal server error","data":null,"errors":null,"meta":null}`

func (x *Exchange) replyInternalError() {
	body := internalError
	if speaksOAuth(x.Request.URL.Path) {
		body = oauthInternalError
	}
	x.Answer(http.StatusInternalServerError, JSONType, []byte(body))
}

package httpapi

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// appendJSON appends the JSON of a value. Accounts, which most answers are made of, and answers to checks, which
// gateways wait for, are written out by hand: going by reflection is a tenth of all that it costs to answer with
// an account. What is written is the same.
func appendJSON(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case Account:
		return v.appendJSON(b)
	case []Account:
		return appendAccounts(b, v)
	case Checked:
		return v.appendJSON(b)
	default:
		encoded, err := json.Marshal(value)
		return append(b, encoded...), err
	}
}

func appendAccounts(b []byte, list []Account) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i, a := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = a.appendJSON(b); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func (a Account) appendJSON(b []byte) ([]byte, error) {
	b, err := appendText(append(b, `{"id":`...), a.ID)
	if err != nil {
		return b, err
	}
	if b, err = appendText(append(b, `,"email":`...), a.Email); err != nil {
		return b, err
	}
	if b, err = appendText(append(b, `,"role_id":`...), a.RoleID); err != nil {
		return b, err
	}
	if b, err = a.Role.appendJSON(append(b, `,"role":`...)); err != nil {
		return b, err
	}
	b = strconv.AppendBool(append(b, `,"is_active":`...), a.IsActive)
	b = appendTime(append(b, `,"created_at":`...), a.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), a.UpdatedAt)
	return append(b, '}'), nil
}

func (r PlainRole) appendJSON(b []byte) ([]byte, error) {
	b, err := appendText(append(b, `{"id":`...), r.ID)
	if err != nil {
		return b, err
	}
	if b, err = appendText(append(b, `,"name":`...), r.Name); err != nil {
		return b, err
	}
	if b, err = appendNullable(append(b, `,"description":`...), r.Description); err != nil {
		return b, err
	}
	if b, err = appendNullable(append(b, `,"parent_id":`...), r.ParentID); err != nil {
		return b, err
	}
	b = strconv.AppendBool(append(b, `,"is_system":`...), r.IsSystem)
	b = appendTime(append(b, `,"created_at":`...), r.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), r.UpdatedAt)
	return append(b, '}'), nil
}

// appendText returns an error for what is not UTF-8, which only SQL by hand could have left.
func appendText(b []byte, s string) ([]byte, error) { return jsontext.AppendQuote(b, s) }

func appendNullable(b []byte, s *string) ([]byte, error) {
	if s == nil {
		return append(b, "null"...), nil
	}
	return appendText(b, *s)
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

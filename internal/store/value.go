package store

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/svc-users/svc-users"
)

// badValue is a stored value that cannot be read, such as only SQL by hand could leave. It does not repeat it.
type badValue struct{ wanted string }

func (e *badValue) Error() string { return "a stored value is not " + e.wanted }

// idColumn reads an id. NULL is the zero id.
type idColumn users.ID

func (c *idColumn) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*c = idColumn{}
		return nil
	case string:
		if id, ok := users.ParseID(v); ok {
			*c = idColumn(id)
			return nil
		}
	}
	return &badValue{"an id"}
}

// parseIDs reads ids with commas between them; an empty text has none.
func parseIDs(text string) ([]users.ID, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	ids := make([]users.ID, len(parts))
	for i, part := range parts {
		id, ok := users.ParseID(part)
		if !ok {
			return nil, &badValue{"an id"}
		}
		ids[i] = id
	}
	return ids, nil
}

// timeColumn reads a time: microseconds since 1970 from SQLite, a timestamp from PostgreSQL.
type timeColumn time.Time

func (c *timeColumn) Scan(value any) error {
	switch v := value.(type) {
	case int64:
		*c = timeColumn(time.UnixMicro(v).UTC())
	case time.Time:
		*c = timeColumn(v.UTC())
	default:
		return &badValue{fmt.Sprintf("a time but a %T", value)}
	}
	return nil
}

// nullTimeColumn reads a time as timeColumn does. NULL is the zero time.
type nullTimeColumn time.Time

func (c *nullTimeColumn) Scan(value any) error {
	if value == nil {
		*c = nullTimeColumn{}
		return nil
	}
	return (*timeColumn)(c).Scan(value)
}

// optionalInstant is a time as it is bound where it may be none.
func optionalInstant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return instant(t)
}

// instant is a time as it is bound: in UTC, to the microsecond, which is what both engines keep.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// optional is an id as it is bound where it may be none.
func optional(id users.ID) any {
	if id.IsZero() {
		return nil
	}
	return id.String()
}

// ownerColumn reads a service's name. NULL is none.
type ownerColumn users.ServiceName

func (c *ownerColumn) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*c = ""
	case string:
		*c = ownerColumn(v)
	default:
		return &badValue{"a service's name"}
	}
	return nil
}

// owned is an owner as it is bound.
func owned(by users.ServiceName) any {
	if by == "" {
		return nil
	}
	return string(by)
}

func scanInt(r *sql.Rows) (n int, err error) {
	return n, r.Scan(&n)
}

func scanText(r *sql.Rows) (s string, err error) {
	return s, r.Scan(&s)
}

func scanBool(r *sql.Rows) (b bool, err error) {
	return b, r.Scan(&b)
}

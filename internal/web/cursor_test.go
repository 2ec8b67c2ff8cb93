package web

import (
	"bytes"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
)

func cursorAPI(fill byte) *handler {
	return &handler{cursors: newCursorCipher(bytes.Repeat([]byte{fill}, 32))}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	a := cursorAPI(1)
	for name, p := range map[string]users.Position{
		"time": {Time: time.Date(2025, 10, 22, 12, 0, 0, 123456000, time.UTC), ID: users.NewID()},
		"text": {Time: time.UnixMicro(0).UTC(), Text: "ada@example.com", ID: users.NewID()},
		"past": {Time: time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC), ID: users.NewID()},
	} {
		cursor := a.sealCursor("list", p)
		if got, ok := a.openCursor("list", cursor); !ok || got != p {
			t.Errorf("%s: %+v, %v; want %+v", name, got, ok, p)
		}
		if strings.Trim(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%s: %q needs encoding in a URL", name, cursor)
		}
		if p.Text != "" && strings.Contains(cursor, p.Text) {
			t.Errorf("%s: the cursor shows what it holds", name)
		}
	}
}

func TestCursorOfAnother(t *testing.T) {
	t.Parallel()
	a := cursorAPI(1)
	cursor := a.sealCursor("list", users.Position{ID: users.NewID()})
	if _, ok := a.openCursor("another", cursor); ok {
		t.Error("a cursor opens in another list")
	}
	if _, ok := cursorAPI(2).openCursor("list", cursor); ok {
		t.Error("a cursor opens under another key")
	}
	for _, spoilt := range []string{
		"", "x", cursor + "A", cursor + "=", cursor[1:], cursor[:len(cursor)-1], "\n" + cursor, cursor[:9] + "\r\n" + cursor[9:],
		strings.ToUpper(cursor), cursor + cursor, strings.Repeat("A", maxCursor+1),
	} {
		if _, ok := a.openCursor("list", spoilt); ok {
			t.Errorf("%q opens", spoilt)
		}
	}
}

func TestCursorOfTheLongestPosition(t *testing.T) {
	t.Parallel()
	a := cursorAPI(1)
	longest := users.Position{Text: strings.Repeat("x", 254*3+254), ID: users.NewID()}
	if cursor := a.sealCursor("list", longest); len(cursor) > maxCursor {
		t.Errorf("a cursor of %d bytes is longer than what is read back", len(cursor))
	}
}

package pgtest_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/svc-users/svc-users/internal/pgtest"
)

// Every copy of a template has what the template was filled with, and nothing that was written into another copy.
func TestTemplate(t *testing.T) {
	t.Parallel()
	run := func(url, statement string) error {
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			return err
		}
		defer conn.Close(context.Background())
		_, err = conn.Exec(context.Background(), statement)
		return err
	}
	fills := 0
	template := pgtest.Template{Fill: func(url string) error {
		fills++
		return run(url, "CREATE TABLE filled (n int)")
	}}
	for range 3 {
		if err := run(template.URL(t), "ALTER TABLE filled RENAME TO changed"); err != nil {
			t.Error(err)
		}
	}
	want := 1
	if os.Getenv("TEST_DATABASE_URL") != "" {
		want = 3 // no template stays behind on a server that is not ours
	}
	if fills != want {
		t.Errorf("Fill was called %d times, want %d", fills, want)
	}
}

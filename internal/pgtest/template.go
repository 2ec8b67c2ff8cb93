package pgtest

import (
	"os"
	"sync"
	"testing"
)

// Template is a database that others are copied from, which is quicker than filling each of them anew.
type Template struct {
	// Fill fills the database of this URL, and has closed its connections when it returns.
	Fill func(url string) error

	once sync.Once
	name string
	err  error
}

// URL makes a database for one test with the content that Fill makes, and returns its URL. It is dropped when the test
// ends, even with open connections.
func (p *Template) URL(t testing.TB) string {
	t.Helper()
	if os.Getenv("TEST_DATABASE_URL") != "" {
		// The template would stay behind on a server that is not ours.
		url := URL(t)
		if err := p.Fill(url); err != nil {
			t.Fatal(err)
		}
		return url
	}
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	if p.once.Do(func() { p.make(s) }); p.err != nil {
		t.Fatal(p.err)
	}
	return database(t, s.url(superuser), s.url, "TEMPLATE "+p.name)
}

func (p *Template) make(s *Server) {
	if p.name, p.err = create(s.url(superuser)); p.err == nil {
		p.err = p.Fill(s.url(p.name))
	}
}

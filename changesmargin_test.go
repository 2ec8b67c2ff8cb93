package users

import (
	"context"
	"testing"
	"time"
)

// sinceStore notes since when it was asked for changes.
type sinceStore struct {
	Store
	since time.Time
}

func (s *sinceStore) ChangesSince(_ context.Context, _ ChangePlace, since time.Time, _ int) (Changes, error) {
	s.since = since
	return Changes{Known: true, Graph: NewGraph(nil, nil, nil)}, nil
}

// unsigned are Tokens that sign nothing.
type unsigned struct{ Tokens }

func (unsigned) SignChanges(ChangeStatement) (string, error) { return "signed", nil }

// A follower without a cursor is told of the changes within the life of a token and an hour: tokens count some time
// beyond their end, and clocks disagree.
func TestChangesBeginAnHourBeforeTheOldestToken(t *testing.T) {
	t.Parallel()
	store := &sinceStore{}
	s := New(Ports{Store: store, Tokens: unsigned{}, TokenLife: 7 * 24 * time.Hour})
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	for _, after := range []string{"", "no cursor"} {
		store.since = time.Time{}
		if _, err := s.tell(t.Context(), after, Moment{}, now); err != nil {
			t.Fatal(err)
		}
		if want := time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC); !store.since.Equal(want) {
			t.Errorf("after %q it is told of changes since %v, not since %v", after, store.since, want)
		}
	}
}

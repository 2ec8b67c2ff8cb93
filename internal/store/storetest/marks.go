package storetest

import (
	"fmt"
	"testing"

	"github.com/svc-users/svc-users/internal/feed"
)

// testMarks: what was at a position is told from what came to the same position after a backup was restored.
func testMarks(t *testing.T, f *fixture) {
	ctx := t.Context()
	ada := f.addAccount("ada@example.com", f.role)
	has := func(s feed.State) (known bool) {
		f.view(func(v feed.View) (err error) {
			known, err = v.HasMark(ctx, s.Position, s.Mark)
			return err
		})
		return known
	}
	raise := func() feed.State {
		byHand(t, f.url, fmt.Sprintf(`UPDATE accounts SET token_version = token_version + 1 WHERE id = '%s'`, ada.ID))
		return f.changesSince(feed.AccountPlace{}, ever, 10).State
	}
	first, second, third := raise(), raise(), raise()
	if !has(first) || !has(second) || !has(third) || first.Mark == second.Mark || third.Mark == "" || first.Position >= second.Position {
		t.Errorf("marks %+v %+v %+v", first, second, third)
	}
	if has(feed.State{Position: third.Position, Mark: second.Mark}) || has(feed.State{Position: third.Position + 1, Mark: third.Mark}) {
		t.Error("a mark is known at another position")
	}
	// As after a restore, to before the third change.
	byHand(t, f.url, fmt.Sprintf(`UPDATE authorization_stamp SET position = %d`, first.Position),
		fmt.Sprintf(`DELETE FROM change_marks WHERE position > %d`, second.Position))
	again := raise()
	if has(third) || again.Position > third.Position || !has(again) {
		t.Errorf("after a restore %+v is known, now it is %+v", third, again)
	}
	byHand(t, f.url, `DELETE FROM change_marks`)
	if s := f.changesSince(feed.AccountPlace{}, ever, 1); s.Mark != "" || s.Position == 0 {
		t.Errorf("without marks: %+v", s.State)
	}
}

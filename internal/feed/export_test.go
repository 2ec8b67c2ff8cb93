package feed

// Bound bounds what one statement tells of, for tests that want many of them.
func (f *Feed) Bound(things, bytes int) { f.bounds = bounds{things, bytes} }

// Bounds of statements.
const (
	MaxChangesTold = maxChangesTold
	StatementFrame = statementFrame
)

package users

// BoundChanges bounds what one statement tells of, for tests that want many of them.
func (s *Service) BoundChanges(things, bytes int) { s.changeBounds = changeBounds{things, bytes} }

// Bounds of statements of changes, and how far back the first one goes beyond the life of tokens.
const (
	MaxChangesTold = maxChangesTold
	MaxStatement   = maxStatement
	StatementFrame = statementFrame
	ChangesMargin  = changesMargin
)

// CallerOf is an account that is to be looked up when something is asked of it.
func CallerOf(account ID) Caller {
	a := Account{ID: account, TokenVersion: 1}
	return Caller{Subject: a.Subject(), Account: a, cached: true}
}

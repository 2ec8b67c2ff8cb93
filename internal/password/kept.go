package password

import users "github.com/svc-users/svc-users"

// Kept reports whether a text is a hash in the form in which Hash or Keep returns one, such as
// $imported$as-typed$wrapped$salted-md5$at=start$c2FsdA$2b$12$…, so that it can be stored as it is.
func Kept(text string) (users.PasswordHash, bool) {
	_, ok := parseTarget(users.PasswordHash(text))
	return users.PasswordHash(text), ok
}

// Package throttle bounds how often secrets are tried, without a way to lock an account's owner out.
//
// An attempt is counted before its secret is compared, and given back if it succeeds:
//
//	login ── device known? ──yes──▶ budget of the device ──none left──┐
//	            │no                                                   ▼
//	            └──────────────────▶ budgets of the address and of the e-mail ──none left──▶ ErrTooMany
//
// So guesses from any number of addresses use up the budget that strangers share, and never that of a device from which
// the owner has logged in before. Passwords of one's own account, other credentials and new accounts have budgets too; see
// Kind.
//
// Each budget is a row of the database with one time, as package limit has it, and all replicas share it. A row is found by
// a digest under a key that is in the database alone. It shows an operator the address, or the id of the account if there
// is one: never an e-mail, and nothing of a secret.
//
// Guard counts; it is the users.Guard. Manager shows and lifts what Guard has counted.
package throttle

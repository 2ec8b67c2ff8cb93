// Package feed answers services that verify tokens themselves and follow the changes of rights, so that what they decide
// is not older than their last answer: the change feed of docs/contract.md.
//
//	f := feed.New(feed.Ports{Service: rules, Store: st, Keys: ring, Signer: keys})
//	answer, err := f.Read(ctx, caller, feed.Query{After: cursor, Wait: 10 * time.Second})
//
//	Read ──▶ AuthorizeRead ──▶ cursor is of now, in its slot? ── yes ──▶ wait for Store.Changed, then again
//	                                        │ no
//	                                        ▼
//	                  kept by statements, or made once: Store.ReadChanges ──▶ builder ──▶ Keys ──▶ Signer ──▶ Answer
//
// A cursor says what a follower knows, so the service keeps nothing about followers. A cursor that is not of this database
// is answered with a statement that begins anew. cursor.go has the format of cursors, build.go what one statement may hold,
// statements.go how many are made at a time and for whom.
//
// Package store implements Store, package keyring lists the keys, package token signs, package gateway serves the feed over
// HTTP, and package jobs calls ForgetChanges once a day.
package feed

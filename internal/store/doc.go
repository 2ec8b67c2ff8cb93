// Package store keeps accounts, roles and permissions in PostgreSQL or in an SQLite file. It is the one
// implementation of users.Store.
//
//	st, err := store.Open(ctx, "sqlite:///var/lib/svc-users/svc-users.db")
//	err = st.Migrate(ctx)
//	acc, err := st.Account(ctx, id)
//	err = st.InTx(ctx, func(tx users.Tx) error { return tx.DeleteAccount(ctx, id) })
//
// The SQL is one text for both engines. What they do each in their own way (opening, locking, the codes of
// their errors) is in the files postgres*.go and sqlite*.go, behind the small interfaces that make up engine.
//
// What is read is cached together with the revision of the database that it was read at (users.Revision; revision.go).
// An entry is used while the revision is still the same, which costs a query, or while a lease for it is held, which
// costs none: then PostgreSQL notifies the process of every change (postgreslisten.go; the rule is package lease).
//
// Guarantees:
//
//   - Acknowledged changes are durable: they survive the end of the process at any moment and, if the disk honours
//     fsync, a power failure.
//   - Transactions run one at a time, over all processes on one database.
//   - Errors are those that the ports name, users.ErrUnavailable when the database is away, too busy or does
//     not answer in time, the error of the caller's context, or a defect. None contains a bound value or a
//     password of the database.
//   - Times are kept to the microsecond and come back in UTC.
package store

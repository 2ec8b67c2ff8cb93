package authn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// follower polls the change feed. It belongs to one Run.
type follower struct {
	v      *Verifier
	client *http.Client
	watch  *time.Timer // fires when the lease ends

	token string
	renew time.Time // when to get another

	next     *facts // as far as has been read; nil before the first statement
	whole    bool   // next is all there is, and not the beginning of it
	failures int    // since the last success
	reason   atomic.Pointer[error]
	// early is how much sooner than requested the service answered that there is nothing new: too many clients wait.
	early time.Duration
}

const (
	// maxChangesBody is four times the largest response of the service.
	maxChangesBody = 1 << 20
	// maxWait is the longest that the service keeps a request waiting.
	maxWait = 10 * time.Second
	// beginningTimeout is for the requests that bring the first whole state, each, and for a login.
	beginningTimeout = 10 * time.Second
	// bodyTimeout is for an answer that has begun to arrive.
	bodyTimeout = 30 * time.Second
	// renewAgain is when to try again to get a token while the last one still counts.
	renewAgain = time.Minute
	// renewUnread is when to renew a token that cannot be read here; should it end before, that will be answered 401.
	renewUnread = 24 * time.Hour
)

// ask sends one request and applies its response.
func (f *follower) ask(ctx context.Context) error {
	if err := f.credentials(ctx); err != nil {
		return err
	}
	cursor, wait, patience := "", time.Duration(0), beginningTimeout
	if f.next != nil {
		cursor = f.next.cursor
	}
	if f.whole {
		staleness := f.v.options.Changes.Staleness
		patience = staleness * 8 / 10
		// With a third of the time spent waiting, one answer may fail and the next still comes in time; after a
		// failure, or an answer that took long, there is no time for waiting.
		if f.failures == 0 && time.Since(f.v.live.Load().asked.steady) < staleness/2 {
			wait = min(staleness*3/10, maxWait)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := time.AfterFunc(patience, cancel)
	defer limit.Stop()
	request, err := f.request(ctx, cursor, wait)
	if err != nil {
		return err
	}
	f.early = 0
	asked := readClocks()
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if !limit.Reset(bodyTimeout) {
		return errNoAnswer
	}
	body, err := readAtMost(response.Body, maxChangesBody)
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusNotModified {
		f.early = wait - time.Since(asked.steady)
		return f.nothingNew(asked)
	}
	if err := f.refused(response); err != nil {
		return err
	}
	return f.take(ctx, body, cursor, asked)
}

func (f *follower) request(ctx context.Context, cursor string, wait time.Duration) (*http.Request, error) {
	at, err := url.Parse(f.v.options.Changes.URL)
	if err != nil {
		return nil, err
	}
	query := at.Query()
	if cursor != "" {
		query.Set("after", cursor)
	}
	query.Set("wait_ms", strconv.FormatInt(wait.Milliseconds(), 10))
	at.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", challenge+" "+f.token)
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// refused returns why a response is no statement, or nil. It drops a token that is no longer valid.
func (f *follower) refused(response *http.Response) error {
	e := &failure{cause: fmt.Errorf("answered %d", response.StatusCode)}
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		f.token, e.stubborn = "", true
	case http.StatusForbidden, http.StatusNotFound:
		e.stubborn = true
	case http.StatusTooManyRequests:
		// This account sent too many cursors that the service does not know. A request without a cursor is answered.
		if f.next != nil {
			f.forget()
			return e
		}
	}
	if seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 16); err == nil {
		e.after = time.Duration(seconds) * time.Second
	}
	return e
}

// nothingNew applies a 304: nothing has changed. It is not signed, so it renews the lease only while the last statement
// is younger than maxStatementAge.
func (f *follower) nothingNew(asked reading) error {
	if !f.whole {
		return errors.New("answered 304 to a request without a cursor")
	}
	if f.v.options.Now().Sub(f.next.signed) > maxStatementAge {
		f.forget()
		return errOutdated
	}
	f.renewLease(asked)
	return nil
}

// take reads a response and, once all parts of a snapshot are read, makes the new facts valid.
func (f *follower) take(ctx context.Context, body []byte, cursor string, asked reading) error {
	envelope, err := parseObject(body)
	if err != nil {
		return fmt.Errorf("the answer cannot be read: %w", err)
	}
	data, _ := envelope["data"].(object)
	compact, err := data.text("statement")
	if err != nil {
		return err
	}
	s, err := f.v.readStatement(ctx, compact, cursor, f.lastKeys())
	if errors.Is(err, errChain) {
		f.forget()
	}
	if err != nil {
		return err
	}
	next, err := f.next.after(s, &f.v.options.Changes)
	if err != nil {
		f.forget()
		return &failure{cause: err, stubborn: true}
	}
	f.next, f.whole = next, false
	if !s.more {
		f.renewLease(asked)
	}
	return nil
}

// forget makes the next request ask for a snapshot. The current facts stay valid until their lease ends.
func (f *follower) forget() { f.next, f.whole = nil, false }

// credentials gets a token if there is none, and a new one before the token expires.
func (f *follower) credentials(ctx context.Context) error {
	now := time.Now()
	if f.token != "" && now.Before(f.renew) {
		return nil
	}
	patience := beginningTimeout
	if f.token != "" { // which still counts, so that this may wait and following may not
		patience = f.v.options.Changes.Staleness / 2
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	token, err := f.v.options.Changes.Token(ctx)
	if err == nil && token == "" {
		err = errors.New("it is empty")
	}
	if err != nil && f.token != "" {
		f.renew = now.Add(renewAgain)
		return nil
	}
	if err != nil {
		return &failure{cause: fmt.Errorf("no token to ask for changes with: %w", err), stubborn: true}
	}
	f.token = token
	f.renew = now.Add(renewUnread)
	if c, err := f.v.verifyToken(ctx, token); err == nil {
		f.renew = now.Add(c.expire.Sub(f.v.options.Now()) * 8 / 10)
	}
	return nil
}

package breached

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // see index.go
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	users "github.com/svc-users/svc-users"
)

const (
	// prefixSize is how many hexadecimal digits of a SHA-1 are sent. About a thousand known passwords share them, and far
	// more that are not known, so that the service does not learn which password was chosen.
	prefixSize = 5
	// rangeTimeout bounds the whole question: a person waits for the answer, and without one the password is taken.
	rangeTimeout = time.Second
	// maxRange bounds an answer, in bytes; a usual one has 40,000.
	maxRange = 1 << 20
)

// Range asks a service which hashes of passwords it knows that begin alike, as Have I Been Pwned defines it:
//
//	GET https://api.pwnedpasswords.com/range/21BD1
//	0018A45C4D1DEF81644B54AB7F969B88D65:10
//	00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0        (padding, which counts as unknown)
//
// Where it gives no answer in a second, the password is taken: a service of others must not keep an account from being made.
type Range struct {
	// URL is what stands before the five digits: https, or http to this machine.
	URL string
	// Failed is called with the cause each time that there was no answer.
	Failed func(cause error)
	// Client asks; nil is one without redirects.
	Client *http.Client
}

var _ users.PasswordScreen = (*Range)(nil)

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Screen implements users.PasswordScreen. Its error is that of a context that has ended.
func (r *Range) Screen(ctx context.Context, p users.Password) (string, error) {
	sum := sha1.Sum([]byte(p.Reveal())) //nolint:gosec // see index.go
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	found, err := r.ask(ctx, digits[:prefixSize], digits[prefixSize:])
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		r.Failed(err)
		return "", nil
	case found:
		return Reason, nil
	}
	return "", nil
}

func (r *Range) ask(ctx context.Context, prefix, suffix string) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, rangeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.URL, "/")+"/"+prefix, nil)
	if err != nil {
		return false, errors.New("its URL cannot be asked for")
	}
	request.Header.Set("User-Agent", "svc-users")
	request.Header.Set("Add-Padding", "true") // so that the length of the answer tells nothing
	client := r.Client
	if client == nil {
		client = noRedirects
	}
	response, err := client.Do(request)
	if err != nil {
		return false, withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("the answer has the status %d", response.StatusCode)
	}
	lines := bufio.NewScanner(io.LimitReader(response.Body, maxRange))
	known := 0
	for lines.Scan() {
		digits, count, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if !ok || len(digits) != len(suffix) {
			return false, errors.New("the answer is not a list of hashes with counts")
		}
		known++
		if strings.EqualFold(digits, suffix) && strings.Trim(count, "0") != "" {
			found = true
		}
	}
	if err := lines.Err(); err != nil {
		return false, withoutURL(err)
	}
	if known == 0 {
		return false, errors.New("the answer is empty")
	}
	return found, nil
}

// withoutURL is an error without the URL, which tells the first digits of the hash.
func withoutURL(err error) error {
	var wrapped *url.Error
	if !errors.As(err, &wrapped) {
		return err
	}
	if wrapped.Timeout() {
		return errors.New("there was no answer in time")
	}
	return wrapped.Err
}

package authn

import (
	"errors"
	"io"
	"net/http"
	"net/url"
)

// sameHost returns a client that refuses redirects to another host: an open redirect on the issuer's host must not lead
// to an attacker's keys, or send a token to an attacker.
func sameHost(client *http.Client) *http.Client {
	held := *client
	held.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		from := via[0].URL
		if len(via) > 3 || to.URL.Host != from.Host || to.URL.Scheme != from.Scheme {
			return errors.New("redirected to another place")
		}
		return nil
	}
	return &held
}

// absolute reports whether text is a URL to ask over HTTP.
func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == ""
}

var errTooMuch = errors.New("the answer is too long")

// readAtMost reads all, and refuses rather than cuts what is longer.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errTooMuch
	}
	return body, err
}

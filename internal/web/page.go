package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Page is an answer that stays the same: a file of the docs, the document, the keys.
type Page struct {
	contentType string
	csp         string
	body        []byte
	etag        string // quoted
	// unpacked returns the body as it is for clients that do not take gzip, made at the first use and then kept. It is
	// nil where body is not compressed.
	unpacked func() ([]byte, error)
}

// NewPage returns a page whose entity tag follows from its body.
func NewPage(contentType, csp string, body []byte) Page {
	sum := sha256.Sum256(body)
	return Page{contentType: contentType, csp: csp, body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}

// pageRoute serves a page at a path.
func pageRoute(path string, p Page) *Route {
	return &Route{
		Method: http.MethodGet, Path: path, Auth: AuthNone, LogAtDebug: true,
		Serve: func(x *Exchange, _ []byte) error { return p.Serve(x, revalidate) },
	}
}

// revalidate lets a client keep a page and ask each time whether it still holds, since a new version of the
// service changes it.
const revalidate = "no-cache"

// Serve answers with the page, or with 304 to a client that has it (RFC 9110 §13.1.2), which is decided before
// anything is made of the body. A 304 has the fields that the 200 would have had and a cache needs (§15.4.5).
func (p *Page) Serve(x *Exchange, cacheControl string) error {
	etag := p.etag
	packed := p.unpacked != nil && acceptsGzip(x.Request.Header["Accept-Encoding"])
	if p.unpacked != nil {
		x.Set("Vary", "Accept-Encoding, Origin")
		if !packed {
			etag = strings.TrimSuffix(etag, `"`) + `-plain"` // other bytes, another tag
		}
	}
	x.Set("Cache-Control", cacheControl)
	x.Set("Content-Security-Policy", p.csp)
	x.Set("Etag", etag)
	if matchesETag(x.Request.Header["If-None-Match"], etag) {
		x.Answer(http.StatusNotModified, "", nil)
		return nil
	}
	body := p.body
	switch {
	case packed:
		x.Set("Content-Encoding", "gzip")
	case p.unpacked != nil:
		var err error
		if body, err = p.unpacked(); err != nil {
			return err
		}
	}
	x.Answer(http.StatusOK, p.contentType, body)
	return nil
}

// matchesETag compares entity tags weakly, as If-None-Match asks for.
func matchesETag(headers []string, etag string) bool {
	for _, h := range headers {
		for tag := range strings.SplitSeq(h, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3); a weight of zero is a refusal.
func acceptsGzip(headers []string) bool {
	for _, h := range headers {
		for element := range strings.SplitSeq(h, ",") {
			coding, parameter, _ := strings.Cut(element, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				continue
			}
			weight, weighted := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
			q, err := strconv.ParseFloat(weight, 64)
			return !weighted || err == nil && q > 0
		}
	}
	return false
}

func decompressGzip(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

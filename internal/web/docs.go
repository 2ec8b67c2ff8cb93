package web

import (
	"embed"
	"io/fs"
	"sync"

	"github.com/swaggest/swgui/v5/static"
)

// docsPolicy is the Content-Security-Policy of the documentation page. It names everything that Swagger UI was
// seen to need in a browser and nothing else: its styles are one sheet (React sets the rest through the object
// model, which the policy leaves alone), its icons are data: images within that sheet, and it talks to this
// service only.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// docsFiles are the page itself and what is ours on it.
//
//go:embed docs
var docsFiles embed.FS

// makeDocsPages returns the interactive documentation, /docs and all it loads, by exact path. It describes what
// /openapi.json says, and makes no request but to this service.
func makeDocsPages() map[string]Page {
	return map[string]Page{
		"/docs":                      newDocsPage("text/html; charset=utf-8", readDocsFile("index.html")),
		"/docs/init.js":              newDocsPage("text/javascript; charset=utf-8", readDocsFile("init.js")),
		"/docs/page.css":             newDocsPage("text/css; charset=utf-8", readDocsFile("page.css")),
		"/docs/icon.svg":             newDocsPage("image/svg+xml", readDocsFile("icon.svg")),
		"/docs/swagger-ui-bundle.js": newSwaggerPage("text/javascript; charset=utf-8", "swagger-ui-bundle.js"),
		"/docs/swagger-ui.css":       newSwaggerPage("text/css; charset=utf-8", "swagger-ui.css"),
	}
}

func newDocsPage(contentType string, body []byte) Page { return NewPage(contentType, docsPolicy, body) }

// readDocsFile reads a file of ours. Like newSwaggerPage, it can fail only where the program was put together wrongly.
func readDocsFile(name string) []byte {
	body, err := docsFiles.ReadFile("docs/" + name)
	if err != nil {
		panic(err)
	}
	return body
}

// newSwaggerPage is a page of Swagger UI, which is kept and sent compressed.
func newSwaggerPage(contentType, name string) Page {
	packed, err := fs.ReadFile(static.FS, name+".gz")
	if err != nil {
		panic(err)
	}
	p := newDocsPage(contentType, packed)
	p.unpacked = sync.OnceValues(func() ([]byte, error) { return decompressGzip(packed) })
	return p
}

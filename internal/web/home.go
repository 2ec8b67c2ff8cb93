package web

import (
	"net/http"
	"sync"
)

// Home says what this is and where to go on.
type Home struct {
	Service string `json:"service"`
	Docs    string `json:"docs"`
	OpenAPI string `json:"openapi"`
	Health  string `json:"health"`
}

var home = Home{Service: ServiceName, Docs: "/docs", OpenAPI: "/openapi.json", Health: "/api/v1/health"}

// HomeRoutes are the page at / and the document, which is made when it is first asked for: that keeps the start short.
func HomeRoutes(makeDocument func() []byte) []Route {
	document := sync.OnceValue(func() Page { return NewPage(JSONType, APIPolicy, makeDocument()) })
	const tag = "Documentation"
	return []Route{
		Get(Route{
			Method: http.MethodGet, Path: "/", Auth: AuthNone,
			Name: "getHome", Tag: tag, Summary: "Read the name of the service and where its documentation is",
			Description: "For clients that know only the address of the service.",
			Message:     "This is " + ServiceName + "; its docs are at /docs.", Example: home,
		}, func(*Exchange) (Home, error) { return home, nil }),
		{
			Method: http.MethodGet, Path: "/openapi.json", Auth: AuthNone, Tagged: true,
			Name: "getDocument", Tag: tag, Summary: "Read the OpenAPI document",
			Description: "OpenAPI 3.1, the same bytes for as long as the service is of the same version.",
			Plain:       &Plain{MediaType: JSONType, Schema: &Schema{Type: "object", AdditionalProperties: true}},
			Serve: func(x *Exchange, _ []byte) error {
				page := document()
				return page.Serve(x, revalidate)
			},
		},
	}
}

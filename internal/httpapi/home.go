package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Home says what this is and where to go on.
type Home struct {
	Service string `json:"service"`
	Docs    string `json:"docs"`
	OpenAPI string `json:"openapi"`
	Health  string `json:"health"`
}

var home = Home{Service: serviceName, Docs: "/docs", OpenAPI: "/openapi.json", Health: "/api/v1/health"}

func (a *api) homeRoutes() []route {
	const tag = "Documentation"
	return []route{
		asking(route{
			method: http.MethodGet, path: "/", public: true,
			name: "getHome", tag: tag, summary: "Say what this is and where its docs are",
			description: "For whoever finds the service by its address alone.",
			message:     "This is " + serviceName + "; its docs are at /docs.", example: home,
		}, func(*exchange) (Home, error) { return home, nil }),
		{
			method: http.MethodGet, path: "/openapi.json", public: true,
			name: "getDocument", tag: tag, summary: "Read this document",
			description: "OpenAPI 3.1, the same bytes for as long as the service is of the same version.",
			plain:       &plain{mediaType: jsonType, schema: &huma.Schema{Type: "object", AdditionalProperties: true}},
			serve: func(x *exchange, _ []byte) error {
				document := a.document()
				return document.serve(x, revalidate)
			},
		},
	}
}

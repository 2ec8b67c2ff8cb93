package users

// Version is the version of the service: of the HTTP contract, the settings and the command line, by Semantic Versioning.
// The command version, GET /api/v1/health and the OpenAPI document show it. docs/releasing.md says when it changes.
const Version = "0.1.0"

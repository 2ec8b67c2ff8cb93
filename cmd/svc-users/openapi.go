package main

import "github.com/svc-users/svc-users/internal/httpapi"

type openAPICommand struct{}

// Run prints the document that a server answers at /openapi.json.
func (openAPICommand) Run(t *terminal) error {
	_, err := t.stdout.Write(httpapi.Document())
	return err
}

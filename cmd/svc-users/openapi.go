package main

import "github.com/svc-users/svc-users/internal/app"

type openAPICommand struct{}

// Run prints the document that a server answers at /openapi.json.
func (openAPICommand) Run(t *terminal) error {
	_, err := t.stdout.Write(app.Document())
	return err
}

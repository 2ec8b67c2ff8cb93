package main

import (
	"errors"
	"fmt"
	"strings"

	users "github.com/svc-users/svc-users"
)

// nameFaults names what is wrong with the input of a command, which an invalid request's error leaves to its
// faults.
func nameFaults(err error) error {
	var refused *users.Error
	if !errors.As(err, &refused) || len(refused.Faults) == 0 {
		return err
	}
	parts := make([]string, len(refused.Faults))
	for i, f := range refused.Faults {
		parts[i] = fmt.Sprintf("%s %s", f.Field, f.Problem)
	}
	return errors.New(strings.Join(parts, "; "))
}

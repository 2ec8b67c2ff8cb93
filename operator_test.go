package users

import (
	"errors"
	"testing"
)

// A caller who stands for the operator counts only where there is one.
func TestOperatorNeedsItsService(t *testing.T) {
	t.Parallel()
	if err := AsOperator().Require(RolesRead); !errors.Is(err, ErrForbidden) {
		t.Errorf("Require: %v", err)
	}
	s := New(Ports{})
	if _, err := s.Fresh(t.Context(), AsOperator()); !errors.Is(err, ErrUnauthenticated) {
		t.Errorf("Fresh: %v", err)
	}
	if _, err := s.Authorize(t.Context(), AsOperator(), RolesRead); !errors.Is(err, ErrUnauthenticated) {
		t.Errorf("Authorize: %v", err)
	}
}

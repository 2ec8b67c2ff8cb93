package users

import "testing"

// The demo accounts' addresses are refused in production in every spelling that names the same box.
func TestNoDemo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		email  string
		noDemo bool
		faults int
	}{
		{"admin@example.com", false, 0},
		{"admin@example.com", true, 1},
		{"User@Example.COM", true, 1},
		{"ada@example.com", true, 0},
		{"nonsense", true, 1},
	} {
		var faults Faults
		New(Ports{NoDemo: tt.noDemo}).email(&faults, "email", tt.email)
		if len(faults) != tt.faults {
			t.Errorf("%s with NoDemo %v: %v", tt.email, tt.noDemo, faults)
		}
	}
}

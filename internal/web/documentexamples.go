package web

import (
	"time"

	users "github.com/svc-users/svc-users"
)

// The things that the examples of the document are about. They belong together: the account has the role, the role the
// permission.
const (
	ExampleAccountID    = "019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"
	ExampleRoleID       = "019a0b6e-7c00-7b22-8a4e-51d3a90e6c21"
	ExampleKeyID        = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
	ExamplePermissionID = "019a0b6e-7c00-7c33-b15f-7e08d4b2f532"
	ExampleSessionID    = "019a0b6e-7d20-7e55-9f12-3c8a5b7d9e64"
	exampleRequestID    = "019a0b6e-7d10-7d44-a26a-9c19e5c3a643"

	// ExampleDeviceToken has the form of a device token, but for its checksum.
	ExampleDeviceToken = "svcd_0007hCqK2VnRk9XwY4LbTzQm3sDf8GpJ1aUeHcNi6oBvZyMxWrEtA0S5dP0q"
	// ExampleRefreshToken has the form of a refresh token, but for its checksum.
	ExampleRefreshToken = "svcr_0Wq3VJ0mD5yQ2hXc8RtLb7KpZ4nUeGs1AoYi9FfTwHv6CjPzMdEkB3xNl2SaOrQuW3nJx0B"
	ExampleThrottleID   = "5c1d8e0a-2f47-8b3e-9a60-7d4c1e9b2f58"
	ExampleAPIKeyID     = "019a0b6e-7e31-7f88-a024-6b1c9d8e2f73"
	// ExampleAPIKey has the form of an API key, but for its checksum.
	ExampleAPIKey = "svck_0Wq3VJ0mD5yQ2hXc8RtLb7KpZ4nUeGs1AoYi9FfTwHv3nJx0B"
	// ExampleToken has the form of a token. No key has signed it.
	ExampleToken = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Im1haW4ifQ.e30.c2lnbmF0dXJl"
)

// ExampleTime is when everything in the examples happened.
var ExampleTime = time.Date(2025, time.October, 22, 12, 0, 0, 0, time.UTC)

// Object is an example of a body.
type Object map[string]any

var (
	exampleImpact = Impact{
		Roles:    []RoleImpact{{ID: ExampleRoleID, Name: "Auditor", Gains: []string{"reports:read"}, Loses: []string{}, Accounts: 3}},
		Accounts: 3,
	}
	exampleMeta = ListMeta{
		Page: new(1), PageSize: defaultPageSize, TotalItems: new(1), TotalPages: new(1), TotalIsExact: new(true), NextCursor: Nullable{users.Optional[*string]{Set: true}},
	}
)

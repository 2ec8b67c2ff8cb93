package api

import (
	"time"

	"github.com/svc-users/svc-users/internal/web"
)

// The examples of the document. They belong together: the account has the role, the role the permission.
var (
	examplePermission = Permission{
		ID: web.ExamplePermissionID, Name: "reports:read", Description: new("Read reports"),
		CreatedAt: web.ExampleTime, UpdatedAt: web.ExampleTime,
	}
	examplePlainRole = PlainRole{
		ID: web.ExampleRoleID, Name: "Auditor", Description: new("Reads everything"),
		CreatedAt: web.ExampleTime, UpdatedAt: web.ExampleTime,
	}
	exampleRole = Role{
		ListedRole:           ListedRole{PlainRole: examplePlainRole, Permissions: []Permission{examplePermission}},
		EffectivePermissions: []Grant{{Name: "reports:read"}},
	}
	exampleAccount = Account{
		ID: web.ExampleAccountID, Email: "ada@example.com", RoleID: web.ExampleRoleID, Role: examplePlainRole, IsActive: true,
		CreatedAt: web.ExampleTime, UpdatedAt: web.ExampleTime,
	}
	exampleServiceAccount = ServiceAccount{
		ID: exampleServiceID, Name: "orders-worker", Description: new("Sends confirmations"), RoleID: web.ExampleRoleID, Role: examplePlainRole,
		IsActive: true, OwnerID: new(web.ExampleAccountID), CreatedAt: web.ExampleTime, UpdatedAt: web.ExampleTime,
	}
	exampleClientSecret = ClientSecret{
		ID: "019a0b6e-7c00-7e02-9d13-6a1c52f0b7d8", LastFour: "Q2vK", CreatedAt: web.ExampleTime, ExpiresAt: new(web.ExampleTime.AddDate(0, 0, 90)),
	}
	exampleClientKey = ClientKey{
		ID: "019a0b6e-7c00-7e13-8c41-4d9b1f7a2e55", ClientID: exampleServiceID, KeyID: new("2026-11"), Thumbprint: new("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"), CreatedAt: web.ExampleTime,
	}
	exampleClientTrust = ClientTrust{
		ID: "019a0b6e-7c00-7e24-b6d0-95c3e8a1f077", ClientID: exampleServiceID, Issuer: "https://token.actions.githubusercontent.com", Subject: "repo:acme/orders:ref:refs/heads/main",
		Audience: "https://id.example.com", Claims: []ClientClaim{{"environment", "production"}}, CreatedAt: web.ExampleTime,
	}
	exampleSession = Session{
		ID: web.ExampleSessionID, CreatedAt: web.ExampleTime, LastUsedAt: web.ExampleTime, ExpiresAt: web.ExampleTime.AddDate(0, 0, 14),
		EndsAt: web.ExampleTime.AddDate(0, 0, 90), Address: new("203.0.113.7"), UserAgent: new("Mozilla/5.0"), Current: true,
	}
	exampleThrottle = Throttle{
		ID: web.ExampleThrottleID, Kind: "address", Subject: new("203.0.113.7"), Failures: 300, Limit: 300,
		BlockedUntil: new(web.ExampleTime.Add(5 * time.Second)), FullAt: web.ExampleTime.Add(25 * time.Minute),
	}
	exampleAPIKey = AccountAPIKey{
		ID: web.ExampleAPIKeyID, Name: "Nightly export", LastFour: "Jx0B", Permissions: []string{"reports:read"}, CreatedAt: web.ExampleTime,
		ExpiresAt: new(web.ExampleTime.AddDate(0, 0, 90)), LastUsedAt: new(web.ExampleTime.AddDate(0, 0, 1)),
	}
	exampleKeys = KeyList{[]Key{
		{
			ID: web.ExampleKeyID, Algorithm: "RS256", State: "next", Source: "database", PublishedAt: new(web.ExampleTime),
			SignsFrom: new(web.ExampleTime.AddDate(0, 0, 30)), SignsUntil: new(web.ExampleTime.AddDate(0, 0, 60)), VerifiesUntil: new(web.ExampleTime.AddDate(0, 0, 67)),
		},
		{
			ID: "Zf2ahnB9XxHB3xCUaGAXJTxeKzDVMGkVs6LDkeIM6MI", Algorithm: "RS256", State: "signing", Source: "database", PublishedAt: new(web.ExampleTime),
			SignsFrom: new(web.ExampleTime), SignsUntil: new(web.ExampleTime.AddDate(0, 0, 30)), VerifiesUntil: new(web.ExampleTime.AddDate(0, 0, 37)),
		},
	}}
	exampleToken = Token{TokenType: "Bearer", Token: web.ExampleToken, ExpiresAt: web.ExampleTime}
)

// exampleServiceID is the id of the service account above.
const exampleServiceID = "019a0b6e-7c00-7d31-9c27-3b8f6f1e5a44"

// exampleSecret has the form of a client secret, and none of its checksum.
const exampleSecret = "svcs_0Wq3mZ8cT5rXb1NfKp7YsLd4Gh2Ju6Vo9AeRiQxBkCw3nQ2vK" //nolint:gosec // an example

// exampleHeirID is the id of a role that inherits from the one above.
const exampleHeirID = "019a0b6e-7c00-7b22-8a4e-51d3a90e6c22"

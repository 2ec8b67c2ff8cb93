package httpapi

import (
	"time"

	"github.com/svc-users/svc-users"
)

// The examples of the document. They belong together: the account has the role, the role the permission.
const (
	ExampleAccountID    = "019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"
	ExampleRoleID       = "019a0b6e-7c00-7b22-8a4e-51d3a90e6c21"
	exampleHeirID       = "019a0b6e-7c00-7b22-8a4e-51d3a90e6c22"
	ExamplePermissionID = "019a0b6e-7c00-7c33-b15f-7e08d4b2f532"
	exampleTokenID      = "019a0b6e-7c00-7d55-b3aa-40c7f1e2d753"
	exampleRequestID    = "019a0b6e-7d10-7d44-a26a-9c19e5c3a643"
)

// object is an example of a body.
type Object map[string]any

var (
	ExampleTime = time.Date(2025, time.October, 22, 12, 0, 0, 0, time.UTC)

	examplePermission = Permission{
		ID: ExamplePermissionID, Name: "reports:read", Description: new("Read reports"),
		CreatedAt: ExampleTime, UpdatedAt: ExampleTime,
	}
	examplePlainRole = PlainRole{
		ID: ExampleRoleID, Name: "Auditor", Description: new("Reads everything"),
		CreatedAt: ExampleTime, UpdatedAt: ExampleTime,
	}
	exampleRole = Role{
		ListedRole:           ListedRole{PlainRole: examplePlainRole, Permissions: []Permission{examplePermission}},
		EffectivePermissions: []Grant{{Name: "reports:read"}},
	}
	exampleAccount = Account{
		ID: ExampleAccountID, Email: "ada@example.com", RoleID: ExampleRoleID, Role: examplePlainRole, IsActive: true,
		CreatedAt: ExampleTime, UpdatedAt: ExampleTime,
	}
	exampleImpact = Impact{
		Roles:    []RoleImpact{{ID: ExampleRoleID, Name: "Auditor", Gains: []string{"reports:read"}, Loses: []string{}, Accounts: 3}},
		Accounts: 3,
	}
	exampleMeta = ListMeta{
		Page: new(1), PageSize: defaultPageSize, TotalItems: new(1), TotalPages: new(1), TotalIsExact: new(true), NextCursor: Nullable{users.Change[*string]{Set: true}},
	}
	exampleToken         = Token{TokenType: "Bearer", Token: "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Im1haW4ifQ.e30.c2lnbmF0dXJl", ExpiresAt: ExampleTime}
	exampleIntrospection = Introspection{
		Active: true, Scope: "reports:read", TokenType: "Bearer", Subject: ExampleAccountID, Username: "ada@example.com",
		Issuer: "https://id.example.com", Audience: "https://api.example.com", TokenID: exampleTokenID,
		IssuedAt: ExampleTime.Unix(), NotBefore: ExampleTime.Unix(), Expires: ExampleTime.AddDate(0, 0, 7).Unix(), Roles: []string{"Auditor"},
	}
	exampleChanges = Changes{
		Statement: "eyJhbGciOiJSUzI1NiIsInR5cCI6ImNoYW5nZXMrand0Iiwia2lkIjoibWFpbiJ9.e30.c2lnbmF0dXJl",
		Cursor:    "176113440.42.5b0c0f3a-5f2b-468f-8919-343979ae61e8.-.-.k3Zxq1d0YvPi2mVw",
	}
	exampleKey = PEMKey{
		JWK:       JWK{KeyType: "RSA", KeyID: "main", Use: "sig", Algorithm: "RS256", Modulus: "u1SU1LfVLPHCozMxH2Mo", Exponent: "AQAB"},
		PublicKey: "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K",
	}
)

func ptr[T any](v T) *T { return &v }

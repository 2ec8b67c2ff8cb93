package httpapi

import (
	"time"

	"github.com/svc-users/svc-users"
)

// The examples of the document. They belong together: the account has the role, the role the permission.
const (
	exampleAccountID    = "019a0b6e-7c00-7a51-9c3d-2f6f0c5f7a10"
	exampleRoleID       = "019a0b6e-7c00-7b22-8a4e-51d3a90e6c21"
	exampleHeirID       = "019a0b6e-7c00-7b22-8a4e-51d3a90e6c22"
	examplePermissionID = "019a0b6e-7c00-7c33-b15f-7e08d4b2f532"
	exampleTokenID      = "019a0b6e-7c00-7d55-b3aa-40c7f1e2d753"
	exampleRequestID    = "019a0b6e-7d10-7d44-a26a-9c19e5c3a643"
)

// object is an example of a body.
type object map[string]any

var (
	exampleTime = time.Date(2025, time.October, 22, 12, 0, 0, 0, time.UTC)

	examplePermission = Permission{
		ID: examplePermissionID, Name: "reports:read", Description: ptr("Read reports"),
		CreatedAt: exampleTime, UpdatedAt: exampleTime,
	}
	examplePlainRole = PlainRole{
		ID: exampleRoleID, Name: "Auditor", Description: ptr("Reads everything"),
		CreatedAt: exampleTime, UpdatedAt: exampleTime,
	}
	exampleRole = Role{
		ListedRole:           ListedRole{PlainRole: examplePlainRole, Permissions: []Permission{examplePermission}},
		EffectivePermissions: []Grant{{Name: "reports:read"}},
	}
	exampleAccount = Account{
		ID: exampleAccountID, Email: "ada@example.com", RoleID: exampleRoleID, Role: examplePlainRole, IsActive: true,
		CreatedAt: exampleTime, UpdatedAt: exampleTime,
	}
	exampleImpact = Impact{
		Roles:    []RoleImpact{{ID: exampleRoleID, Name: "Auditor", Gains: []string{"reports:read"}, Loses: []string{}, Accounts: 3}},
		Accounts: 3,
	}
	exampleMeta = ListMeta{
		Page: ptr(1), PageSize: defaultPageSize, TotalItems: ptr(1), TotalPages: ptr(1), TotalIsExact: ptr(true), NextCursor: nullable{users.Optional[*string]{Set: true}},
	}
	exampleToken         = Token{TokenType: "Bearer", Token: "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Im1haW4ifQ.e30.c2lnbmF0dXJl", ExpiresAt: exampleTime}
	exampleIntrospection = Introspection{
		Active: true, Scope: "reports:read", TokenType: "Bearer", Subject: exampleAccountID, Username: "ada@example.com",
		Issuer: "https://id.example.com", Audience: "https://api.example.com", TokenID: exampleTokenID,
		IssuedAt: exampleTime.Unix(), NotBefore: exampleTime.Unix(), Expires: exampleTime.AddDate(0, 0, 7).Unix(), Roles: []string{"Auditor"},
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

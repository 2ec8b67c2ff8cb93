package gateway

import (
	"github.com/svc-users/svc-users/internal/web"
)

// The examples of the document.
var (
	exampleIntrospection = Introspection{
		Active: true, Scope: "reports:read", TokenType: "Bearer", Subject: web.ExampleAccountID, Username: "ada@example.com",
		Issuer: "https://id.example.com", Audience: "https://api.example.com", TokenID: exampleJTI, SessionID: web.ExampleSessionID,
		IssuedAt: web.ExampleTime.Unix(), NotBefore: web.ExampleTime.Unix(), Expires: web.ExampleTime.AddDate(0, 0, 7).Unix(), Roles: []string{"Auditor"},
	}
	exampleTokenGrant = TokenGrant{AccessToken: web.ExampleToken, TokenType: "Bearer", ExpiresIn: 600, Scope: "reports:read"}
	exampleChanges    = Changes{
		Statement: "eyJhbGciOiJSUzI1NiIsInR5cCI6ImNoYW5nZXMrand0Iiwia2lkIjoibWFpbiJ9.e30.c2lnbmF0dXJl",
		Cursor:    "176113440.42.5b0c0f3a-5f2b-468f-8919-343979ae61e8.-.-.k3Zxq1d0YvPi2mVw",
	}
	exampleKey = PEMKey{
		JWK:       JWK{KeyType: "RSA", KeyID: "main", Use: "sig", Algorithm: "RS256", Modulus: "u1SU1LfVLPHCozMxH2Mo", Exponent: "AQAB"},
		PublicKey: "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K",
	}
	exampleEvaluation = web.Object{
		"subject": web.Object{"type": "user", "id": web.ExampleAccountID}, "action": web.Object{"name": "reports:read"},
		"resource": web.Object{"type": "report", "id": "2025-10"},
	}
	exampleEvaluations = web.Object{
		"subject": web.Object{"type": "user", "id": web.ExampleAccountID}, "resource": web.Object{"type": "report", "id": "2025-10"},
		"evaluations": []web.Object{{"action": web.Object{"name": "reports:read"}}, {"action": web.Object{"name": "reports:write"}}},
	}
	exampleServerMetadata = newServerMetadata("https://users.example.com", "https://users.example.com")
)

const exampleJTI = "019a0b6e-7c00-7d55-b3aa-40c7f1e2d753"

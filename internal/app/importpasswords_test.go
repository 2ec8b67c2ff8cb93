package app_test

import (
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/importer"
)

// Passwords of other systems log in, typed as there, and are hashed anew at that login.
func TestImportedPasswords(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		svc := apitest.Start(t, apitest.Options{Engine: engine})
		long := strings.Repeat("long enough ", 7)
		cases := []struct{ hash, password string }{
			{importHash, importPassword},
			{"pbkdf2_sha256$20000$salt$" + base64.StdEncoding.EncodeToString(pbkdf2Key(t, "letmein for ever", 20000)), "letmein for ever"},
			{"md5$salt$" + fmt.Sprintf("%x", md5.Sum([]byte("saltletmein for ever"))), "letmein for ever"},
			{"sha1$salt$" + fmt.Sprintf("%x", sha1.Sum([]byte("saltcafe\u0301 au lait"))), "cafe\u0301 au lait"}, // not in NFC
			{string(bcryptOf(t, svc, long[:72])), long},                                                          // of a system that cuts at 72 bytes
			{"$imported$as-typed" + strings.Replace(importHash, "$2b$", "$2a$", 1), importPassword},              // as this service exports it
		}
		var file []string
		for i, c := range cases {
			file = append(file, fmt.Sprintf(`{"email":"p%d@example.org","role":"Import Fresh","password_hash":"%s"}`, i, c.hash))
		}
		_, summary := runImport(t, asOperator(svc, nil), lines(t, file...), importer.Options{CreateRoles: true})
		if summary.Of[importer.Created] != len(cases) {
			t.Fatalf("%+v", summary)
		}
		for i, c := range cases {
			email := fmt.Sprintf("p%d@example.org", i)
			login := func(password string) int {
				return svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": email, "password": password}}).Status
			}
			if status := login("x" + c.password); status != 401 {
				t.Errorf("%s with another password: %d", c.hash, status)
			}
			svc.Login(t, email, c.password)
			_, kept, err := svc.Store.AccountByEmail(t.Context(), parseEmail(t, email))
			if err != nil || !strings.HasPrefix(string(kept), "$2b$04$") && !strings.HasPrefix(string(kept), "$bcrypt-sha256$") {
				t.Errorf("%s is kept as %s after a login, %v", c.hash, string(kept), err)
			}
			svc.Login(t, email, c.password)
		}
		if status := svc.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": "p4@example.org", "password": long[:72]}}).Status; status != 401 {
			t.Errorf("the first 72 bytes alone, after the login: %d", status)
		}
	})
}

func pbkdf2Key(t *testing.T, password string, iterations int) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, password, []byte("salt"), iterations, 32)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// bcryptOf is a hash of this service's own.
func bcryptOf(t *testing.T, svc *apitest.Service, password string) users.PasswordHash {
	t.Helper()
	hash, err := svc.Users.Passwords.Hash(t.Context(), users.PurposeNewAccount, users.PresentedPassword(password))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

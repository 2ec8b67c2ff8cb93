package httpapi_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
)

const changesPath = "/api/v1/auth/changes"

// statement is the payload of what followers get, as the contract has it.
type statement struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Cursor   string `json:"cursor"`
	After    string `json:"after"`
	Reset    bool   `json:"reset"`
	Roles    []struct {
		ID          string   `json:"id"`
		Name        string   `json:"name"`
		Permissions []string `json:"permissions"`
	} `json:"roles"`
	Accounts []struct {
		ID      string  `json:"id"`
		Version *int64  `json:"ver"`
		Role    *string `json:"role"`
	} `json:"accounts"`
	More bool `json:"more"`
}

// open verifies a statement as whoever follows has to: by its type, and by a published key.
func openStatement(svc *apitest.Service, jws string) (statement, error) {
	var s statement
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return s, errors.New("not three parts")
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(p); err != nil {
			return s, err
		}
	}
	public := svc.Tokens.Public()[0]
	if string(raw[0]) != `{"alg":"RS256","typ":"changes+jwt","kid":"`+public.ID+`"}` {
		return s, errors.New("the header is " + string(raw[0]))
	}
	key := rsa.PublicKey{N: new(big.Int).SetBytes(public.Modulus), E: int(new(big.Int).SetBytes(public.Exponent).Int64())}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key, crypto.SHA256, digest[:], raw[2]); err != nil {
		return s, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw[1]))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&s)
	if err == nil && (s.Issuer != "https://id.example" || s.Audience != "https://api.example") {
		err = errors.New("not from us or not for us")
	}
	return s, err
}

// follower knows what it was told, and nothing else.
type follower struct {
	svc      *apitest.Service
	token    string
	cursor   string
	names    map[string]string   // of roles, by id
	rights   map[string][]string // of roles, by id
	accounts map[string]entry
	resets   int
}

type entry struct {
	least int64 // 0: no token counts
	role  string
}

func newFollower(svc *apitest.Service) *follower {
	return &follower{svc: svc, token: svc.AdminToken, accounts: map[string]entry{}}
}

// next asks once and applies what it is told.
func (f *follower) next(t testing.TB, wait int) (status int, s statement) {
	t.Helper()
	answer := f.svc.Send(t, apitest.Request{
		Method: "GET", Path: changesPath + "?after=" + f.cursor + "&wait_ms=" + strconv.Itoa(wait), Token: f.token,
	})
	if answer.Status == http.StatusNotModified {
		if answer.Header.Get("ETag") != `"`+f.cursor+`"` || len(answer.Body) > 0 {
			t.Fatalf("304 is %v %s", answer.Header, answer.Body)
		}
		return answer.Status, s
	}
	answer.Want(t, 200, "Changes retrieved successfully")
	s, err := openStatement(f.svc, answer.Text(t, "statement"))
	if err != nil {
		t.Fatal(err)
	}
	if s.After != f.cursor || s.Cursor != answer.Text(t, "cursor") || answer.Header.Get("ETag") != `"`+s.Cursor+`"` || s.Cursor == f.cursor && len(s.Accounts) > 0 {
		t.Fatalf("after %q: %v %s: %+v", f.cursor, answer.Header, answer.Body, s)
	}
	f.apply(t, s)
	return answer.Status, s
}

func (f *follower) apply(t testing.TB, s statement) {
	t.Helper()
	f.cursor = s.Cursor
	if s.Reset {
		f.resets++
		f.names, f.rights, f.accounts = nil, nil, map[string]entry{}
	}
	if s.Roles != nil {
		f.names, f.rights = map[string]string{}, map[string][]string{}
	}
	for _, r := range s.Roles {
		f.names[r.ID], f.rights[r.ID] = r.Name, r.Permissions
		if !slices.IsSorted(r.Permissions) {
			t.Errorf("the permissions of %s are not sorted: %q", r.Name, r.Permissions)
		}
	}
	if len(s.Accounts) > 1000 {
		t.Errorf("%d accounts in one statement", len(s.Accounts))
	}
	for _, a := range s.Accounts {
		e := entry{}
		if a.Version != nil {
			e.least = *a.Version
		}
		if a.Role != nil {
			e.role = *a.Role
		}
		f.accounts[a.ID] = e
	}
}

// catchUp asks until there is nothing more to be told now.
func (f *follower) catchUp(t testing.TB) (told int) {
	t.Helper()
	for {
		status, s := f.next(t, 0)
		told += len(s.Accounts)
		if status == http.StatusNotModified || !s.More {
			return told
		}
	}
}

// issued is what a token says.
type issued struct {
	account users.ID
	version int64
	role    string // roles[0]
}

// rightsOf is the rule for whoever verifies: what a token counts for, or no.
func (f *follower) rightsOf(token issued) ([]string, bool) {
	if e, ok := f.accounts[token.account.String()]; ok {
		if e.least == 0 || token.version < e.least {
			return nil, false
		}
		return f.rights[e.role], true
	}
	for id, name := range f.names {
		if name == token.role {
			return f.rights[id], true
		}
	}
	return nil, true
}

// truth is what the service itself says of a token.
func truth(t testing.TB, svc *apitest.Service, token issued) ([]string, bool) {
	t.Helper()
	access, err := svc.Store.Access(context.Background(), token.account)
	if errors.Is(err, users.ErrNotFound) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	if !access.Account.Active || access.Account.TokenVersion != token.version {
		return nil, false
	}
	var names []string
	for _, p := range access.Graph.Effective(access.Account.Role.ID) {
		names = append(names, string(p))
	}
	return names, true
}

// agrees checks a follower that has caught up against the truth.
func (f *follower) agrees(t testing.TB, what string, tokens []issued) {
	t.Helper()
	for _, token := range tokens {
		got, counts := f.rightsOf(token)
		want, wanted := truth(t, f.svc, token)
		if counts != wanted || !slices.Equal(got, want) {
			t.Fatalf("%s: the token %+v counts for the follower: %t %q, in truth: %t %q", what, token, counts, got, wanted, want)
		}
	}
}

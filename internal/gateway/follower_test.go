package gateway_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	Issuer      string `json:"iss"`
	Audience    string `json:"aud"`
	IssuedAt    int64  `json:"iat"`
	Cursor      string `json:"cursor"`
	After       string `json:"after"`
	Reset       bool   `json:"reset"`
	Permissions []struct {
		ID   string  `json:"id"`
		Name *string `json:"name"`
	} `json:"permissions"`
	Roles []struct {
		ID          string   `json:"id"`
		Name        *string  `json:"name"`
		Parent      *string  `json:"parent"`
		All         bool     `json:"all"`
		Continued   bool     `json:"continued"`
		Permissions []string `json:"permissions"`
	} `json:"roles"`
	Accounts []struct {
		ID      string  `json:"id"`
		Version *int64  `json:"ver"`
		Role    *string `json:"role"`
	} `json:"accounts"`
	Sessions []struct {
		ID    string `json:"sid"`
		Until int64  `json:"until"`
	} `json:"sessions"`
	Keys []string `json:"keys"`
	More bool     `json:"more"`
}

// openStatement verifies a statement as a follower has to: by its type, and by a published key.
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
	if err == nil && (!slices.Contains(s.Keys, public.ID) || !slices.IsSorted(s.Keys)) {
		err = fmt.Errorf("the key %s has signed a list of %q", public.ID, s.Keys)
	}
	return s, err
}

// follower knows what it was told, and nothing else.
type follower struct {
	svc         *apitest.Service
	token       string
	cursor      string
	permissions map[string]string // names, by id
	roles       map[string]knownRole
	accounts    map[string]entry
	resets      int
}

type knownRole struct {
	name, parent string
	all          bool
	own          []string // ids
}

type entry struct {
	version int64 // 0: no token counts
	role    string
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
		f.permissions, f.roles, f.accounts = map[string]string{}, map[string]knownRole{}, map[string]entry{}
	}
	for _, p := range s.Permissions {
		if delete(f.permissions, p.ID); p.Name != nil {
			f.permissions[p.ID] = *p.Name
		}
	}
	for _, r := range s.Roles {
		known := knownRole{all: r.All, own: r.Permissions}
		if r.Continued {
			known.own = append(f.roles[r.ID].own, r.Permissions...)
		}
		if r.Parent != nil {
			known.parent = *r.Parent
		}
		if delete(f.roles, r.ID); r.Name != nil {
			known.name = *r.Name
			f.roles[r.ID] = known
		}
	}
	if n := len(s.Accounts) + len(s.Sessions) + len(s.Roles) + len(s.Permissions); n > 1000 {
		t.Errorf("%d things in one statement", n)
	}
	for _, a := range s.Accounts {
		e := entry{}
		if a.Version != nil {
			e.version = *a.Version
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
	role    string // role_id
	name    string // roles[0]; what counts of a token from before there was the claim role_id
}

// rightsOf is the rule for a verifier: what a token counts for, or no.
func (f *follower) rightsOf(token issued) ([]string, bool) {
	if e, ok := f.accounts[token.account.String()]; ok {
		if e.version == 0 || token.version != e.version {
			return nil, false
		}
		return f.effective(e.role), true
	}
	if token.role != "" {
		return f.effective(token.role), true
	}
	for id, role := range f.roles {
		if role.name == token.name {
			return f.effective(id), true
		}
	}
	return nil, true
}

// effective is what a role holds and inherits.
func (f *follower) effective(id string) []string {
	held, seen := map[string]bool{}, map[string]bool{}
	for role, known := f.roles[id]; known && !seen[id]; role, known = f.roles[id] {
		for p, name := range f.permissions {
			held[name] = held[name] || role.all || slices.Contains(role.own, p)
		}
		seen[id] = true
		id = role.parent
	}
	maps.DeleteFunc(held, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(held))
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

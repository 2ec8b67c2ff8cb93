package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// issued is a token that the service has issued.
type issued struct {
	token, key string
	expires    time.Time
}

// load is clients that log in, and verifiers that verify what they got.
type load struct {
	*replicas
	stop    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	tokens   []issued
	verified map[string]map[string]bool // keys whose tokens a verifier has accepted, by its name
	count    int                        // of accepted tokens
	revoked  string                     // a key that is being revoked, or is
	stolen   issued                     // a token of it
	refused  map[string]int             // how often a verifier has refused that, by its name
}

// pause is between two requests of each client, which leaves something of the machine to other tests.
const pause = 2 * time.Millisecond

// begin has clients log in and each verifier verify the newest token, or an older one that is still valid, again and again.
func (l *load) begin(verifiers []verifier) {
	for range 2 {
		l.running.Go(func() {
			for ; l.going(); time.Sleep(pause) {
				if err := l.logIn(); err != nil {
					l.t.Errorf("a login: %v", err)
					return
				}
			}
		})
	}
	eventually(l.t, "tokens are issued", func() bool { return l.t.Failed() || len(l.keys().Keys) > 0 && l.drawn() })
	for _, v := range verifiers {
		l.running.Go(func() {
			for ; l.going(); time.Sleep(pause) {
				one := l.draw()
				err := v.verify(one.token)
				if !l.judge(v, one, err) {
					return
				}
			}
		})
	}
}

func (l *load) going() bool {
	select {
	case <-l.stop:
		return false
	default:
		return !l.t.Failed()
	}
}

// logIn gets a token.
func (l *load) logIn() error {
	body, err := json.Marshal(map[string]string{"email": adminEmail, "password": adminPassword})
	if err != nil {
		return err
	}
	response, err := http.Post(l.url+"/api/v1/auth/login", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Message string
		Data    struct{ Token string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return nil
	default:
		return fmt.Errorf("%d %s", response.StatusCode, answer.Message)
	}
	one, err := read(answer.Data.Token)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = append(slices.DeleteFunc(l.tokens, func(t issued) bool { return time.Now().After(t.expires) }), one)
	return nil
}

// read reads the key and the end of a token.
func read(token string) (issued, error) {
	var head struct{ KID string }
	var claims struct{ Exp int64 }
	parts := strings.Split(token, ".")
	for i, v := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, v)
		}
		if err != nil {
			return issued{}, err
		}
	}
	return issued{token, head.KID, time.Unix(claims.Exp, 0)}, nil
}

func (l *load) drawn() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tokens) > 0
}

// draw returns the newest token, or any other.
func (l *load) draw() issued {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := rand.N(4); {
	case n < 2:
		return l.tokens[len(l.tokens)-1]
	case n == 2 && l.revoked != "":
		return l.stolen
	}
	return l.tokens[rand.N(len(l.tokens))]
}

// judge reports whether a verifier was right about a token.
func (l *load) judge(v verifier, one issued, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.revoked != "" && one.key == l.revoked:
		switch {
		case !time.Now().Before(l.stolen.expires):
			l.t.Errorf("%s refuses tokens of a revoked key only as they expire", v.name)
			return l.refused[v.name] > 0
		case one != l.stolen: // asked for before it was revoked, perhaps
		case err != nil:
			l.refused[v.name]++
		case l.refused[v.name] > 0:
			l.t.Errorf("%s accepts a token of a revoked key again", v.name)
			return false
		}
	case err == nil:
		if l.verified[v.name] == nil {
			l.verified[v.name] = map[string]bool{}
		}
		l.verified[v.name][one.key] = true
		l.count++
	case time.Now().Before(one.expires):
		l.t.Errorf("%s refuses a valid token of the key %s: %v", v.name, one.key, err)
		return false
	}
	return true
}

// awaitVerified waits until each verifier has accepted a token of a key.
func (l *load) awaitVerified(key string, verifiers []verifier) {
	l.t.Helper()
	for _, v := range verifiers {
		eventually(l.t, v.name+" has verified a token of each key", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.t.Failed() || l.verified[v.name][key]
		})
	}
}

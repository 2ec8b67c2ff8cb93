package api_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/app"
)

// browser keeps the refresh cookie of a service.
type browser struct {
	svc    *apitest.Service
	header http.Header // sent with each request
	name   string      // of the cookie
	value  string
}

// send posts to a path, with the cookie if there is one, and keeps what the answer sets.
func (b *browser) send(t *testing.T, path string, body any, header ...http.Header) *apitest.Answer {
	t.Helper()
	sent := http.Header{}
	for _, h := range append([]http.Header{b.header}, header...) {
		for name, values := range h {
			sent[name] = values
		}
	}
	if b.value != "" && sent["Cookie"] == nil {
		sent.Set("Cookie", "theme=dark; "+b.name+"="+b.value)
	}
	answer := b.svc.Send(t, apitest.Request{Method: "POST", Path: path, Body: body, Header: sent})
	cookies := (&http.Response{Header: answer.Header}).Cookies()
	if len(cookies) != len(answer.Header["Set-Cookie"]) || len(cookies) > 2 || len(refreshCookies(answer)) > 1 {
		t.Fatalf("%v", answer.Header)
	}
	for _, c := range cookies {
		if !strings.HasSuffix(c.Name, "svc_device") {
			b.name, b.value = c.Name, c.Value
		}
	}
	return answer
}

// refreshCookies are the cookies that an answer sets, but for that of the device, which a login sets beside them.
func refreshCookies(a *apitest.Answer) (list []string) {
	for _, c := range a.Header["Set-Cookie"] {
		if !strings.Contains(c, "svc_device=") {
			list = append(list, c)
		}
	}
	return list
}

func (b *browser) login(t *testing.T) *apitest.Answer {
	t.Helper()
	answer := b.send(t, apitest.LoginPath, map[string]any{
		"email": apitest.AdminEmail, "password": apitest.AdminPassword, "session": true, "transport": "cookie",
	}).Want(t, 200, "Token issued.")
	answer.WantKeys(t, "tokenType", "token", "expiresAt", "refreshExpiresAt", "sessionId")
	return answer
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	proxied := func(o *app.EdgeOptions) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	const secure, plain = "__Host-svc_refresh", "svc_refresh"
	const flags, localFlags = "; Path=/; Max-Age=1209600; HttpOnly; Secure; SameSite=Strict", "; Path=/; Max-Age=1209600; HttpOnly; SameSite=Strict"
	for name, c := range map[string]struct {
		configure   func(*app.EdgeOptions)
		header      http.Header
		cookie, set string
	}{
		"in production":            {func(*app.EdgeOptions) {}, nil, secure, flags},
		"in production, over TLS":  {proxied, http.Header{"X-Forwarded-Proto": {"https"}}, secure, flags},
		"in development":           {func(o *app.EdgeOptions) { o.LocalCookies = true }, nil, plain, localFlags},
		"in development, over TLS": {func(o *app.EdgeOptions) { proxied(o); o.LocalCookies = true }, http.Header{"X-Forwarded-Proto": {"https"}}, secure, flags},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now().Truncate(time.Second)
			b := &browser{svc: apitest.Start(t, apitest.Options{Configure: c.configure, Now: func() time.Time { return now }}), header: c.header}
			want := func(answer *apitest.Answer, value, flags string) {
				t.Helper()
				if got := strings.Join(refreshCookies(answer), " | "); got != c.cookie+"="+value+flags {
					t.Errorf("the cookie is %q", got)
				}
			}
			want(b.login(t), b.value, c.set)
			first := b.value
			refreshed := b.send(t, apitest.RefreshPath, "{}").Want(t, 200, "Token refreshed.")
			refreshed.WantKeys(t, "tokenType", "token", "expiresAt", "refreshExpiresAt", "sessionId")
			want(refreshed, b.value, c.set)
			if b.value == first {
				t.Error("the cookie is the same as before")
			}
			want(b.send(t, apitest.RefreshPath, map[string]any{"transport": "cookie"}).Want(t, 200, ""), b.value, c.set)
			gone := strings.Replace(c.set, "1209600", "0", 1)
			last := b.value
			want(b.send(t, apitest.LogoutPath, "{}").Want(t, 200, "Logged out successfully"), "", gone)
			// A second tab logs out with the cookie that it still had.
			b.value = last
			want(b.send(t, apitest.LogoutPath, "{}").Want(t, 200, "Logged out successfully"), "", gone)
			// A refresh that is refused leaves the cookie alone: another tab may have won.
			b.value = last
			if answer := b.send(t, apitest.RefreshPath, "{}").Want(t, 401, notValid); answer.Header["Set-Cookie"] != nil {
				t.Errorf("%v", answer.Header)
			}
		})
	}
}

// The name of the cookie follows from where the request went to, not from what is sent.
func TestSessionCookieHosts(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.LocalCookies = true }})
	login := `{"email":"` + apitest.AdminEmail + `","password":"` + apitest.AdminPassword + `","session":true,"transport":"cookie"}`
	for host, local := range map[string]bool{
		"localhost": true, "localhost:8001": true, "127.0.0.1:8001": true, "[::1]:8001": true, "[::1]": true,
		"localhost.example": false, "id.example": false, "192.0.2.1": false, "127.0.0.1.example:80": false,
	} {
		request, err := http.NewRequest("POST", svc.URL+apitest.LoginPath, strings.NewReader(login))
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		cookies := answer.Cookies()
		if len(cookies) != 2 || (cookies[0].Name == "svc_refresh") != local || (cookies[1].Name == "svc_device") != local ||
			cookies[0].Secure == local || cookies[1].Secure == local {
			t.Errorf("%s: %v", host, answer.Header)
		}
	}
}

func TestSessionCookieMisuse(t *testing.T) {
	t.Parallel()
	svc := apitest.Start(t, apitest.Options{})
	b := &browser{svc: svc}
	b.login(t)
	good := b.name + "=" + b.value
	for _, cookies := range [][]string{
		{good + "; " + good}, {good, good}, {good + ";" + b.name + "=x"}, {b.name + "=; " + good}, {b.name + `="` + b.value + `"`},
		{b.name + "="}, {b.name + "=x"}, {b.name}, {"svc_refresh=" + b.value}, {strings.ToLower(b.name) + "=" + b.value}, {"theme=dark"}, {""},
		{b.name + "=" + b.value + "; __Host-svc_refresh=" + b.value[:20]},
	} {
		answer := b.send(t, apitest.RefreshPath, "{}", http.Header{"Cookie": cookies}).Want(t, 401, "")
		if answer.Header["Set-Cookie"] != nil || answer.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%q: %v", cookies, answer.Header)
		}
	}
	for _, cookies := range [][]string{{good + "; " + good}, {good, good}} {
		b.send(t, apitest.LogoutPath, "{}", http.Header{"Cookie": cookies}).Want(t, 401, notValid)
	}
	b.send(t, apitest.RefreshPath, "{}", http.Header{"Cookie": {""}}).Want(t, 401, "A refresh token is required.")
	for _, header := range []http.Header{{"Content-Type": {"text/plain"}}, {"Content-Type": {apitest.FormType}}, {"Content-Type": {}}} {
		b.send(t, apitest.RefreshPath, "{}", header).Want(t, 415, "")
		b.send(t, apitest.LogoutPath, "{}", header).Want(t, 415, "")
	}
	b.send(t, apitest.RefreshPath, "", nil).Want(t, 400, "")
	// A token in the body goes before the cookie, which stays as it is.
	other := svc.LoginSession(t, apitest.AdminEmail, apitest.AdminPassword)
	answer := b.send(t, apitest.RefreshPath, map[string]any{"refreshToken": other.RefreshToken}).Want(t, 200, "")
	if answer.Header["Set-Cookie"] != nil || answer.Text(t, "sessionId") != other.ID {
		t.Errorf("%v %s", answer.Header, answer.Body)
	}
	b.send(t, apitest.RefreshPath, "{}").Want(t, 200, "Token refreshed.")
}

// What uses the cookie is refused to pages of other origins, but for those that are listed one by one.
func TestSessionCookieAcrossOrigins(t *testing.T) {
	t.Parallel()
	const listed = "https://app.example"
	refused := "Pages of this origin may not use the refresh cookie."
	for name, origins := range map[string][]string{"listed": {listed}, "all": {"*"}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := apitest.Start(t, apitest.Options{Configure: func(o *app.EdgeOptions) { o.CORSOrigins = origins }})
			host := strings.TrimPrefix(svc.URL, "http://")
			for _, c := range []struct {
				header http.Header
				passes bool
			}{
				{http.Header{}, true}, // no browser
				{http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://" + host}}, true},
				{http.Header{"Origin": {"http://" + host}}, true}, // an old browser
				{http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {listed}}, name == "listed"},
				{http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {listed}}, name == "listed"},
				{http.Header{"Origin": {listed}}, name == "listed"},
				{http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://evil.app.example"}}, false},
				{http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"http://app.example"}}, false},
				{http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"null"}}, false},
				{http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
				{http.Header{"Origin": {"https://evil.example"}}, false},
			} {
				b := &browser{svc: svc}
				b.login(t)
				token := b.value
				want, message := 200, ""
				if !c.passes {
					want, message = 403, refused
				}
				if answer := b.send(t, apitest.RefreshPath, "{}", c.header).Want(t, want, message); !c.passes && answer.Header["Set-Cookie"] != nil {
					t.Errorf("%v", answer.Header)
				}
				if answer := b.send(t, apitest.LogoutPath, "{}", c.header).Want(t, want, message); !c.passes && answer.Header["Set-Cookie"] != nil {
					t.Errorf("%v", answer.Header)
				}
				// Neither may such a page log its victim in as another account.
				credentials := map[string]any{"email": apitest.AdminEmail, "password": apitest.AdminPassword, "session": true, "transport": "cookie"}
				b.value = ""
				b.send(t, apitest.LoginPath, credentials, c.header).Want(t, want, message)
				// A token that the page has itself is its own, whatever its origin.
				if !c.passes {
					b.value = ""
					b.send(t, apitest.RefreshPath, map[string]any{"refreshToken": token}, c.header).Want(t, 200, "")
					credentials["transport"] = "body"
					b.send(t, apitest.LoginPath, credentials, c.header).Want(t, 200, "")
				}
			}
		})
	}
}

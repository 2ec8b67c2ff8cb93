package throttle

import (
	"net/http"
	"strings"
	"testing"
	"time"

	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/apitest"
	"github.com/svc-users/svc-users/internal/throttle"
)

// exhaust uses up the budget that strangers share.
func (w *world) exhaust(t testing.TB) {
	t.Helper()
	for n := range throttle.DefaultRates().Account.Burst {
		w.fail(t, 1, w.guess(address(n), ""))
	}
	w.refuse(t, w.right("203.0.113.9", ""))
}

// A token opens the way for its own account alone; any other text is the same as none.
func TestDeviceTokens(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		device := w.device(t)
		other := w.NewAccount(t, w.NewRole(t, ""))
		stolen := login{email: other.Email, password: other.Password, address: "192.0.2.9"}.send(t, w.Service).Want(t, 200, "").Text(t, "device_token")
		if !strings.HasPrefix(device, users.DeviceTokenPrefix) || len(device) != 65 || device == stolen {
			t.Errorf("the tokens have %d characters", len(device))
		}
		w.exhaust(t)
		forged := device[:20] + string('0'+('1'+'0'-rune(device[20]))%10) + device[21:]
		for what, token := range map[string]string{
			"of another account": stolen, "forged": forged, "cut": device[:64], "longer": device + "0", "a refresh token": "svcr_" + device[5:],
			"an access token": w.account.Token, "nothing": "-", "a NUL": device[:64] + "\x00", "long": strings.Repeat("svcd_", 900),
		} {
			if a := w.right("203.0.113.1", token).send(t, w.Service); a.Status != 429 {
				t.Errorf("%s: %d %s", what, a.Status, a.Body)
			}
		}
		renewed := w.right("203.0.113.1", device).send(t, w.Service).Want(t, 200, "").Text(t, "device_token")
		w.right("203.0.113.1", renewed).send(t, w.Service).Want(t, 200, "")
		// The token of one account is worth nothing with the e-mail of none.
		for n := range throttle.DefaultRates().Account.Burst {
			login{email: "unknown@example.com", password: wrong, address: address(n), device: device}.send(t, w.Service).Want(t, 401, "")
		}
		w.refuse(t, login{email: "unknown@example.com", password: wrong, address: "203.0.113.1", device: device})

		// It outlives a new password, and ends after half a year without a login.
		w.Patch(t, "/api/v1/accounts/"+w.account.ID, map[string]any{"password": "quite another"}).Want(t, 200, "")
		w.account.Password = "quite another"
		w.right("203.0.113.1", device).send(t, w.Service).Want(t, 200, "")
		w.clock.Pass(179 * 24 * time.Hour)
		device = w.right("203.0.113.1", renewed).send(t, w.Service).Want(t, 200, "").Text(t, "device_token")
		w.clock.Pass(2 * 24 * time.Hour)
		w.exhaust(t)
		w.refuse(t, w.right("203.0.113.1", renewed))
		w.right("203.0.113.1", device).send(t, w.Service).Want(t, 200, "")
	})
}

// After five failures a device is one that is not known. What it has failed by does not count for strangers.
func TestFiveFailuresOfADevice(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		rates := throttle.DefaultRates()
		device := w.device(t)
		w.fail(t, rates.Device.Burst, w.guess("203.0.113.1", device))
		list := w.throttles(t, "?subject="+w.account.ID)
		if len(list) != 1 || list[0].Kind != "device" || list[0].Failures != rates.Device.Burst || list[0].Subject != w.account.ID {
			t.Errorf("throttles: %+v", list)
		}
		// From now on it uses what strangers have, and where they have nothing left it has nothing either.
		w.right("203.0.113.1", device).send(t, w.Service).Want(t, 200, "")
		w.fail(t, rates.Account.Burst, w.guess("203.0.113.1", device))
		w.refuse(t, w.right("203.0.113.1", device))
		w.refuse(t, w.right("203.0.113.2", ""))
		// Another device of the same account, first used at another time, is not concerned.
		w.clock.Pass(rates.Account.Every * time.Duration(rates.Account.Burst))
		second := w.device(t)
		w.exhaust(t)
		w.right("203.0.113.2", second).send(t, w.Service).Want(t, 200, "")
		// In time the first is known again.
		w.clock.Pass(rates.Device.Every)
		w.right("203.0.113.1", device).send(t, w.Service).Want(t, 200, "")
	})
}

// In cookie mode the token is in a cookie of its own, which a logout leaves.
func TestDeviceCookie(t *testing.T) {
	apitest.OnEngines(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine, throttle.Rates{})
		send := func(password, cookies string, more map[string]any) *apitest.Answer {
			body := map[string]any{"email": w.account.Email, "password": password, "session": true, "transport": "cookie"}
			for name, value := range more {
				body[name] = value
			}
			header := http.Header{"X-Forwarded-For": {"203.0.113.1"}}
			if cookies != "" {
				header.Set("Cookie", cookies)
			}
			return w.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: body, Header: header})
		}
		a := send(w.account.Password, "", nil).Want(t, 200, "")
		cookies := (&http.Response{Header: a.Header}).Cookies()
		if len(cookies) != 2 || cookies[0].Name != "__Host-svc_refresh" || cookies[1].Name != "__Host-svc_device" {
			t.Fatalf("the cookies are %v", cookies)
		}
		c := cookies[1]
		life := time.Duration(c.MaxAge) * time.Second
		if !c.HttpOnly || !c.Secure || c.Path != "/" || c.SameSite != http.SameSiteStrictMode || c.Domain != "" || life < 179*24*time.Hour || life > 180*24*time.Hour {
			t.Errorf("the cookie is %v", c)
		}
		if strings.Contains(string(a.Body), users.DeviceTokenPrefix) {
			t.Error("the body has the token too")
		}
		w.exhaust(t)
		known := c.Name + "=" + c.Value
		send(w.account.Password, "", nil).Want(t, 429, "")
		send(w.account.Password, "svc_device="+c.Value, nil).Want(t, 429, "")
		send(w.account.Password, known+"; "+c.Name+"=x", nil).Want(t, 429, "") // which of them it is cannot be known
		send(w.account.Password, known, map[string]any{"device_token": "x"}).Want(t, 429, "")
		send(w.account.Password, known, nil).Want(t, 200, "")
		send(w.account.Password, "", map[string]any{"device_token": c.Value}).Want(t, 200, "")
		// Where the transport is not a cookie, none is looked at.
		plain := w.right("203.0.113.1", "")
		w.Send(t, apitest.Request{Method: "POST", Path: apitest.LoginPath, Body: map[string]any{"email": plain.email, "password": plain.password},
			Header: http.Header{"Cookie": {known}, "X-Forwarded-For": {"203.0.113.1"}}}).Want(t, 429, "")
	})
}

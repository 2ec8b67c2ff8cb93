package users

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// DeviceTokenPrefix begins device tokens, svcd_….
const DeviceTokenPrefix = "svcd_"

// A device token shows that an account has logged in from a device before. A login answers with one and takes it with the
// next login, whose failures then count against a budget of the device alone: guesses of others do not keep the owner out.
// It opens nothing by itself.
//
// It consists of 40 bytes: when the device was first used and when the token expires, each in hours since 1970 as four
// bytes, and an HMAC-SHA-256 of these with the id of the account. Nothing of it is stored. What was first used within the
// same hour is one device: else a client that knows a password for a while could collect any number of tokens, and use up a
// budget with each of them after the password was changed.
const (
	deviceTokenSize = 8 + sha256.Size
	// deviceLife is how long a device is known after its last login: longer than a holiday, shorter than most devices live.
	deviceLife = 180 * 24 * time.Hour
)

// device is a device that an account has logged in from. The zero device is not known.
type device struct{ since uint32 }

// name tells the devices of an account apart: "495012", or empty for one that is not known.
func (d device) name() string {
	if d == (device{}) {
		return ""
	}
	return strconv.FormatUint(uint64(d.since), 10)
}

// hours is a time in hours since 1970.
func hours(t time.Time) uint32 {
	return uint32(t.Unix() / 3600) //nolint:gosec // enough for 490,000 years
}

// knownDevice returns the device that a token is of, if the account has it. It does the same work where there is no such
// account. A token that does not count, for whatever reason, is the same as none.
func (s *Service) knownDevice(ctx context.Context, account ID, token string) (device, error) {
	parts, ok := parseCredential(DeviceTokenPrefix, token, deviceTokenSize)
	if !ok || s.DeviceKeys == nil {
		return device{}, nil
	}
	keys, err := s.DeviceKeys(ctx)
	if err != nil {
		return device{}, err
	}
	valid := false
	for _, key := range keys {
		valid = hmac.Equal(parts[8:], signDevice(key, account, parts[:8])) || valid
	}
	since, until := binary.BigEndian.Uint32(parts), binary.BigEndian.Uint32(parts[4:])
	if !valid || account.IsZero() || until <= hours(s.Now()) {
		return device{}, nil
	}
	return device{since}, nil
}

// deviceToken returns the token of a device from which an account has just logged in; of a new device, unless it was known.
// Empty where no device is known.
func (s *Service) deviceToken(ctx context.Context, account ID, d device) (token string, expires time.Time, err error) {
	if s.DeviceKeys == nil {
		return "", time.Time{}, nil
	}
	keys, err := s.DeviceKeys(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	now := s.Now()
	if d == (device{}) {
		d.since = hours(now)
	}
	until := hours(now.Add(deviceLife))
	parts := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, d.since), until)
	parts = append(parts, signDevice(keys[0], account, parts)...)
	return formatCredential(DeviceTokenPrefix, parts), time.Unix(int64(until)*3600, 0).UTC(), nil
}

func signDevice(key []byte, account ID, times []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("svc-users device token\x00"))
	mac.Write(account[:])
	mac.Write(times)
	return mac.Sum(nil)
}

package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	users "github.com/svc-users/svc-users"
)

// NotAParameter is what is wrong with a parameter that an operation does not have.
const NotAParameter = "is not a parameter of this operation"

// readQuery takes a query string apart. Parameters that the operation does not know are passed over where its
// method only reads, and are faults elsewhere: a parameter that changes nothing must not look as if it did. One
// that it knows may come once. What cannot be percent-decoded is a fault whatever it is, because what it was meant
// to be is unknown.
func readQuery(raw, method string, known []string) (map[string]string, users.Faults) {
	if raw == "" {
		return nil, nil
	}
	values := map[string]string{}
	var faults users.Faults
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if len(faults) == MaxFaults {
			break
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			faults.Add(ShortenFieldName(rawName), "is not a parameter that can be decoded")
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		_, twice := values[name]
		switch {
		case err != nil:
			faults.Add(ShortenFieldName(name), "must be percent-encoded correctly")
		case !slices.Contains(known, name):
			if method != http.MethodGet && method != http.MethodHead {
				faults.Add(ShortenFieldName(name), NotAParameter)
			}
		case twice:
			faults.Add(name, "must not come more than once")
		default:
			values[name] = value
			if problem := CheckText(value); problem != "" {
				faults.Add(name, problem)
			}
		}
	}
	return values, faults
}

// CheckText says what is wrong with a text, whatever it is for; it returns nothing for one that is in order.
func CheckText(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "must be valid UTF-8"
	case strings.ContainsRune(s, 0):
		return "must not contain NUL"
	}
	return ""
}

// maxSearch is the longest part of a text that is searched for, in bytes: as long as an e-mail can be.
const maxSearch = 254

// The readers below take one parameter each and note what is wrong with it; an absent one is the zero value. A
// parameter that is already known to be wrong keeps that fault.

// SearchParam returns nothing for a text that is too long, which is then not normalised either.
func (x *Exchange) SearchParam(name string) string {
	q := x.Query[name]
	if len(q) > maxSearch {
		x.Found.Add(name, "must be at most 254 bytes long")
		return ""
	}
	return q
}

// EmailParam reads an e-mail.
func (x *Exchange) EmailParam(name string) users.Email {
	s, sent := x.Query[name]
	if !sent {
		return users.Email{}
	}
	e, err := users.ParseEmail(s)
	if err != nil {
		x.Found.Add(name, err.Error())
	}
	return e
}

// IDParam reads an id.
func (x *Exchange) IDParam(name string) users.ID {
	s, sent := x.Query[name]
	if !sent {
		return users.ID{}
	}
	id, ok := users.ParseID(s)
	if !ok {
		x.Found.Add(name, "must be an id, a UUID in lower case")
	}
	return id
}

// FlagParam reads true or false; nil is an absent one.
func (x *Exchange) FlagParam(name string) *bool {
	s, sent := x.Query[name]
	if !sent {
		return nil
	}
	if s != "true" && s != "false" {
		x.Found.Add(name, "must be true or false")
	}
	is := s == "true"
	return &is
}

// numberParam reads plain decimal digits, from 1 to most.
func (x *Exchange) numberParam(name string, absent, most int) int {
	return x.RangeParam(name, 1, most, absent)
}

// RangeParam reads plain decimal digits, from least to most.
func (x *Exchange) RangeParam(name string, least, most, absent int) int {
	s, sent := x.Query[name]
	if !sent {
		return absent
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || strings.Trim(s, "0123456789") != "" {
		x.Found.Add(name, "must be a whole number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
		return absent
	}
	return n
}

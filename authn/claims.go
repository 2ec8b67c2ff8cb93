package authn

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// leeway is how far the clock here and the service's may be apart; the service itself allows as much.
const leeway = 30 * time.Second

// maxTime is the last second of the year 9999, past which RFC 3339 cannot write a time.
const maxTime = 253402300799

// Why claims are not valid.
var (
	errIssuer   = errors.New("iss is not the issuer")
	errAudience = errors.New("aud does not name the audience")
	errID       = errors.New("sub or jti is not a canonical UUID")
	errTimes    = errors.New("iat, nbf or exp is not a time")
	errVersion  = errors.New("ver is below 1")
	errEmail    = errors.New("email is empty")
	errRoles    = errors.New("roles is empty, or is not where the token is restricted")
	errClient   = errors.New("client_id is not the account that got the token")
	errKind     = errors.New("a claim that tokens of this typ do not have, or one that they have is missing")
	errScope    = errors.New("scope is not sorted names with one space between them")
	errExpired  = errors.New("expired")
	errTooEarly = errors.New("not valid yet")
)

// claims is the claims of a token (RFC 7519) without issuer and audience, which have been compared with the options.
type claims struct {
	account, tokenID          id
	issued, notBefore, expire time.Time
	version                   int64
	service                   bool // of a service account; else of a person
	exchanged                 bool // issued for another credential, and no more than that
	apiKey                    id   // claim api_key_id: that it was issued for; else zero
	act                       *actor
	email                     string
	scope                     []string // sorted; nil for a token that is not restricted
	role                      id       // zero in tokens from before there was that claim
	roles, permissions        []string
	permissionsOmitted        bool
	session                   id // claim sid; zero in tokens without a session
	// prefix is the claim permission_prefix of a token for a declared audience: it has the permissions with it and no other.
	prefix string
}

// readClaims reads a payload whose signature is verified, of a token with this typ. Every claim the service writes must be
// there and of its type, and none of a token of the other typ; claims it does not write today are left unread (RFC 7519 §4),
// so that a later version can add some.
func (v *Verifier) readClaims(payload []byte, typ string) (claims, error) {
	o, err := parseObject(payload)
	if err != nil {
		return claims{}, err
	}
	r := reader{o: o}
	c := claims{
		issued: r.time("iat"), notBefore: r.time("nbf"), expire: r.time("exp"),
		version: r.integer("ver"), roles: r.texts("roles"), permissions: r.texts("permissions"),
	}
	c.permissionsOmitted = r.flag("permissions_omitted")
	if o.has("role_id") {
		c.role = r.id("role_id")
	}
	if o.has("sid") {
		c.session = r.id("sid")
	}
	if o.has("permission_prefix") {
		if c.prefix = r.text("permission_prefix"); r.err == nil && c.prefix == "" {
			r.err = o.wrong("permission_prefix", "text")
		}
	}
	sub, jti := r.text("sub"), r.text("jti")
	c.exchanged = r.flag("exchanged")
	switch {
	case typ == serviceType && c.exchanged:
		c.readExchanged(&r, sub)
	case typ == serviceType:
		c.service = true
		c.readService(&r, sub)
	default:
		c.readPerson(&r)
	}
	if r.err == nil {
		r.err = v.addressed(o)
	}
	var okSub, okJTI bool
	c.account, okSub = parseID(sub)
	c.tokenID, okJTI = parseID(jti)
	switch {
	case r.err != nil:
		return claims{}, r.err
	case !okSub || !okJTI:
		return claims{}, errID
	case c.version < 1:
		return claims{}, errVersion
	}
	return c, nil
}

// readPerson reads what only a token of a person has.
func (c *claims) readPerson(r *reader) {
	c.email = r.text("email")
	switch {
	case r.err != nil:
	case c.email == "":
		r.err = errEmail
	case len(c.roles) == 0:
		r.err = errRoles
	case r.o.has("client_id") || r.o.has("scope") || c.onlyExchanged(r):
		r.err = errKind // a scope that were passed over would widen what the token is for
	}
}

// onlyExchanged reports whether there is a claim that only exchanged tokens have.
func (c *claims) onlyExchanged(r *reader) bool {
	return c.exchanged || r.o.has("api_key_id") || r.o.has("act")
}

// readExchanged reads what only an exchanged token has. One of a person has an e-mail; one of a service account has none, and
// belongs to no session. None has roles.
func (c *claims) readExchanged(r *reader, sub string) {
	client := r.text("client_id")
	if r.o.has("scope") {
		c.scope = r.scope("scope")
	}
	if r.o.has("api_key_id") {
		c.apiKey = r.id("api_key_id")
	}
	if c.service = !r.o.has("email"); !c.service {
		c.email = r.text("email")
	}
	c.act = readActor(r, 0)
	if r.err != nil {
		return
	}
	holder := sub
	if c.act != nil {
		holder = c.act.account.String()
	}
	switch {
	case !c.service && c.email == "":
		r.err = errEmail
	case c.service && r.o.has("sid") || c.role == id{}:
		r.err = errKind
	case client != holder:
		r.err = errClient
	case len(c.roles) > 0:
		r.err = errRoles
	}
}

// readService reads what only a token of a service account has. One with a scope has no roles.
func (c *claims) readService(r *reader, sub string) {
	client := r.text("client_id")
	if r.o.has("scope") {
		c.scope = r.scope("scope")
	}
	switch {
	case r.err != nil:
	case r.o.has("email") || r.o.has("sid") || client != sub || c.role == id{} || c.onlyExchanged(r):
		r.err = errKind
	case (c.scope == nil) != (len(c.roles) > 0):
		r.err = errRoles
	}
}

// within returns what the token shows of a role with these permissions: of them those that limit leaves, and where it has a
// scope those in the scope. With a scope, and if it was exchanged, it shows no role.
func (c *claims) within(role string, permissions []string) (roles, held []string) {
	permissions = c.limit(permissions)
	switch {
	case c.scope == nil && c.exchanged:
		return []string{}, permissions
	case c.scope == nil:
		return []string{role}, permissions
	}
	held = []string{}
	for _, name := range c.scope {
		if _, holds := slices.BinarySearch(permissions, name); holds {
			held = append(held, name)
		}
	}
	return []string{}, held
}

// limit returns those of the permissions that the token may have. It does not change the list.
func (c *claims) limit(permissions []string) []string {
	if c.prefix == "" {
		return permissions
	}
	return slices.DeleteFunc(slices.Clone(permissions), func(p string) bool { return !strings.HasPrefix(p, c.prefix) })
}

// addressed returns errIssuer or errAudience if a payload is not from this issuer for this audience, else nil.
func (v *Verifier) addressed(o object) error {
	if o["iss"] != v.options.Issuer {
		return errIssuer
	}
	if o["aud"] == v.options.Audience {
		return nil
	}
	list, err := o.texts("aud")
	if err != nil || !slices.Contains(list, v.options.Audience) {
		return errAudience
	}
	return nil
}

// validAt returns errExpired or errTooEarly if the claims are not valid at now, else nil.
func (c *claims) validAt(now time.Time) error {
	if !now.Before(c.expire.Add(leeway)) {
		return errExpired
	}
	if now.Before(c.notBefore.Add(-leeway)) || now.Before(c.issued.Add(-leeway)) {
		return errTooEarly
	}
	return nil
}

// reader reads members until one is not as it must be, and keeps the first error.
type reader struct {
	o   object
	err error
}

func read[T any](r *reader, get func(string) (T, error), name string) T {
	v, err := get(name)
	if err != nil && r.err == nil {
		r.err = err
	}
	return v
}

func (r *reader) text(name string) string    { return read(r, r.o.text, name) }
func (r *reader) texts(name string) []string { return read(r, r.o.texts, name) }
func (r *reader) integer(name string) int64  { return read(r, r.o.integer, name) }
func (r *reader) flag(name string) bool      { return read(r, r.o.flag, name) }

// id reads an id in its canonical spelling.
func (r *reader) id(name string) id {
	u, ok := parseID(r.text(name))
	if r.err == nil && !ok {
		r.err = r.o.wrong(name, "canonical UUID")
	}
	return u
}

// maxName is the longest name of a permission, in bytes.
const maxName = 100

// scope reads sorted names, each once, with a space between them.
func (r *reader) scope(name string) []string {
	names := strings.Split(r.text(name), " ")
	for i, one := range names {
		if r.err == nil && (!scopeToken(one) || len(one) > maxName || i > 0 && names[i-1] >= one) {
			r.err = errScope
		}
	}
	return names
}

// optionalID reads an id or null, which is the zero id. It must be there.
func (r *reader) optionalID(name string) id {
	if v, there := r.o[name]; there && v == nil {
		return id{}
	}
	return r.id(name)
}

// optionalText reads a text that is not empty, or null, which is the empty text. It must be there.
func (r *reader) optionalText(name string) string {
	if v, there := r.o[name]; there && v == nil {
		return ""
	}
	text := r.text(name)
	if r.err == nil && text == "" {
		r.err = r.o.wrong(name, "text")
	}
	return text
}

func (r *reader) time(name string) time.Time {
	n := r.integer(name)
	if r.err == nil && (n < 1 || n > maxTime) {
		r.err = errTimes
	}
	return time.Unix(n, 0).UTC()
}

package foreignhash

import (
	"errors"
	"strings"
)

// ErrNoPassword is what Read returns for a text that stands for no password, such as Django's, which begin with "!".
var ErrNoPassword = errors.New("the account has no password")

// reader decodes a part of a hash: read64, readLoose64 or readHex.
type reader = func(kind, name, text string) ([]byte, error)

// forms are all forms by how they begin, each longer one before those that it begins with.
var forms = []struct {
	prefix string
	read   func(text string) (Hash, error)
}{
	{"$argon2", readArgon2},
	{"$scrypt$", readScrypt},
	{"$fbscrypt$", readFirebase},
	{"$pbkdf2-", readPBKDF2},
	{"$pbkdf2$", readPBKDF2},
	{"$phpass$", readPhpass},
	{"$salted-", readSalted},
	{"$bcrypt-sha256$", readPasslibBcrypt},
	{djangoBcrypt + "$", func(s string) (Hash, error) { return readDjangoBcrypt(strings.TrimPrefix(s, djangoBcrypt)) }},
	{"$2", func(s string) (Hash, error) { return readBcrypt("bcrypt", "", s) }},
	{"$P$", readPortable},
	{"$H$", readPortable},

	{"argon2$", func(s string) (Hash, error) { return readArgon2(strings.TrimPrefix(s, "argon2")) }},
	{"bcrypt_sha256$", func(s string) (Hash, error) { return readDjangoBcrypt(strings.TrimPrefix(s, "bcrypt_sha256$")) }},
	{"bcrypt$", func(s string) (Hash, error) { return readBcrypt("bcrypt", "", strings.TrimPrefix(s, "bcrypt$")) }},
	{"{bcrypt}", func(s string) (Hash, error) { return readBcrypt("bcrypt", "", strings.TrimPrefix(s, "{bcrypt}")) }},
	{"pbkdf2_", readDjangoPBKDF2},
	{"pbkdf2:", readWerkzeugPBKDF2},
	{"scrypt:", readWerkzeugScrypt},
	{"scrypt$", readDjangoScrypt},
	{"md5$", readHexSalted},
	{"sha1$", readHexSalted},
	{"sha256$", readHexSalted},
	{"sha512$", readHexSalted},
	{"{SMD5}", ldap("md5")},
	{"{MD5}", ldap("md5")},
	{"{SSHA}", ldap("sha1")},
	{"{SHA}", ldap("sha1")},
	{"{SSHA256}", ldap("sha256")},
	{"{SHA256}", ldap("sha256")},
	{"{SSHA512}", ldap("sha512")},
	{"{SHA512}", ldap("sha512")},
}

// Read reads a hash in any of the forms that the package comment lists. The error is ErrNoPassword or an *Error.
func Read(text string) (Hash, error) {
	if strings.HasPrefix(text, "!") || text == "" {
		return Hash{}, ErrNoPassword
	}
	if len(text) > maxText {
		return Hash{}, refuse("", "the text has more than %d characters", maxText)
	}
	for _, form := range forms {
		if strings.HasPrefix(text, form.prefix) {
			return form.read(text)
		}
	}
	return Hash{}, refuse("", "no known form of a hash; one that is only a digest has to be written with its algorithm, such as md5$salt$digest")
}

// ReadRecipe reads what Recipe has written. The Hash has a digest of zeros, in the size of the algorithm's.
func ReadRecipe(text string) (Hash, error) {
	sizes := map[string]int{"salted-md5": 16, "salted-sha1": 20, "salted-sha256": 32, "salted-sha512": 64, "phpass": 16,
		"pbkdf2-sha1": 20, "pbkdf2-sha256": 32, "pbkdf2-sha512": 64}
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "$"), "$")
	size, ok := sizes[name]
	if !ok {
		return Hash{}, refuse("", "no known algorithm under a strong hash")
	}
	h, err := Read(text + "$" + plain64.EncodeToString(make([]byte, size)))
	if err == nil && h.Recipe() != text {
		return Hash{}, refuse(name, "not in the form that is kept")
	}
	return h, err
}

func ldap(function string) func(string) (Hash, error) {
	return func(text string) (Hash, error) {
		_, digest, _ := strings.Cut(text, "}")
		return readLDAP(function, digest)
	}
}

func readDjangoBcrypt(text string) (Hash, error) {
	return readBcrypt("django-bcrypt-sha256", djangoBcrypt, text)
}

// readDjangoPBKDF2 reads pbkdf2_sha256$1000000$salt$DIGEST=.
func readDjangoPBKDF2(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 4 {
		return Hash{}, refuse("pbkdf2", "not of the form pbkdf2_…$iterations$salt$digest")
	}
	return pbkdf2WithSalt(strings.TrimPrefix(fields[0], "pbkdf2_"), fields[1], []byte(fields[2]), fields[3], read64)
}

// readWerkzeugPBKDF2 reads pbkdf2:sha256:600000$salt$hex.
func readWerkzeugPBKDF2(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	head := strings.Split(fields[0], ":")
	if len(fields) != 3 || len(head) != 3 {
		return Hash{}, refuse("pbkdf2", "not of the form pbkdf2:sha256:iterations$salt$digest")
	}
	return pbkdf2WithSalt(head[1], head[2], []byte(fields[1]), fields[2], readHex)
}

// readDjangoScrypt reads scrypt$16384$salt$8$5$DIGEST=.
func readDjangoScrypt(text string) (Hash, error) {
	f := strings.Split(text, "$")
	if len(f) != 6 {
		return Hash{}, refuse("scrypt", "not of the form scrypt$N$salt$r$p$digest")
	}
	return scryptFields(f[1], f[3], f[4], f[2], f[5], read64)
}

// readWerkzeugScrypt reads scrypt:32768:8:1$salt$hex.
func readWerkzeugScrypt(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	head := strings.Split(fields[0], ":")
	if len(fields) != 3 || len(head) != 4 {
		return Hash{}, refuse("scrypt", "not of the form scrypt:N:r:p$salt$digest")
	}
	return scryptFields(head[1], head[2], head[3], fields[1], fields[2], readHex)
}

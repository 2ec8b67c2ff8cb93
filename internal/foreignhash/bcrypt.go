package foreignhash

import "strings"

// djangoBcrypt is the prefix of the kept form of Django's bcrypt_sha256, which is bcrypt of the hexadecimal SHA-256.
const djangoBcrypt = "$django-bcrypt-sha256"

// readBcrypt reads $2b$12$ and 53 characters more, of a kind.
func readBcrypt(kind, prefix, text string) (Hash, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 4 || fields[0] != "" || len(fields[2]) != 2 || len(fields[3]) != 53 {
		return Hash{}, refuse(kind, "not of the form $2b$12$ and 53 characters")
	}
	if v := fields[1]; v != "2a" && v != "2b" && v != "2x" && v != "2y" {
		return Hash{}, refuse(kind, "the prefix is not 2a, 2b, 2x or 2y")
	}
	if err := checkBcryptCost(kind, strings.TrimPrefix(fields[2], "0")); err != nil {
		return Hash{}, err
	}
	if strings.Trim(fields[3], "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return Hash{}, refuse(kind, "it has characters that bcrypt's base64 does not")
	}
	// The last of the 31 characters of the digest carries two bits that are zero in every hash.
	if !strings.ContainsRune(".CGKOSWaeimquy26", rune(fields[3][52])) {
		return Hash{}, refuse(kind, "the digest cannot be decoded")
	}
	return Hash{kind: kind, text: prefix + text}, nil
}

func checkBcryptCost(kind, text string) error {
	cost, err := number(kind, "the cost", text)
	switch {
	case err != nil:
		return err
	case cost < 4:
		return refuse(kind, "the cost is below 4")
	case cost > MaxBcryptCost:
		return refuse(kind, "the cost of %d is above the ceiling of %d", cost, MaxBcryptCost)
	}
	return nil
}

// readPasslibBcrypt reads $bcrypt-sha256$v=2,t=2b,r=12$SALT$DIGEST and $bcrypt-sha256$2b,12$SALT$DIGEST.
func readPasslibBcrypt(text string) (Hash, error) {
	const kind = "bcrypt-sha256"
	fields := strings.Split(text, "$")
	if len(fields) != 5 || len(fields[3]) != 22 || len(fields[4]) != 31 {
		return Hash{}, refuse(kind, "not of the form $bcrypt-sha256$v=2,t=2b,r=12$salt$digest")
	}
	cost, second := strings.CutPrefix(fields[2], "v=2,t=2b,r=")
	if !second {
		var version string
		if version, cost, _ = strings.Cut(fields[2], ","); version != "2a" && version != "2b" {
			return Hash{}, refuse(kind, "the version is neither 1 nor 2")
		}
	}
	if err := checkBcryptCost(kind, cost); err != nil {
		return Hash{}, err
	}
	salt := fields[3]
	if second && !strings.ContainsRune(".Oeu", rune(salt[21])) {
		return Hash{}, refuse(kind, "the salt cannot be decoded")
	}
	// Salt and digest together are the last part of a plain hash.
	if _, err := readBcrypt(kind, "", "$2b$04$"+salt+fields[4]); err != nil {
		return Hash{}, err
	}
	return Hash{kind: kind, text: text}, nil
}

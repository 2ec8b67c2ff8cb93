// Package foreignhash reads the password hashes of other systems and computes them again for a password.
//
//	h, err := foreignhash.Read("pbkdf2_sha256$1000000$gbrHnZo8$3p…=") // as Django writes it
//	h.Kind()                                                          // "pbkdf2-sha256"
//	h.Text()                                                          // "$pbkdf2-sha256$i=1000000$Z2JySG5abzg$3p…", to be kept
//	h.Matches("letmein")                                              // true or false
//
// Read takes the form that is kept, which Text writes, and the forms of others:
//
//	kind           form that is kept                                       read besides
//	argon2id       $argon2id$v=19$m=65536,t=3,p=4$SALT$DIGEST              Django argon2$argon2id$v=19$…
//	argon2i        $argon2i$v=19$m=65536,t=3,p=4$SALT$DIGEST               Django argon2$argon2i$v=19$…
//	scrypt         $scrypt$ln=14,r=8,p=1$SALT$DIGEST                       Django scrypt$16384$salt$8$5$DIGEST=, Werkzeug scrypt:32768:8:1$salt$hex
//	fbscrypt       $fbscrypt$v=1,n=14,r=8,p=1,ss=SEP,sk=KEY$SALT$DIGEST    (Firebase; the form of Supabase, base64 with padding)
//	pbkdf2-sha1    $pbkdf2-sha1$i=20000$SALT$DIGEST                        Django pbkdf2_sha1$…, passlib $pbkdf2$…, Werkzeug pbkdf2:sha1:…
//	pbkdf2-sha256  $pbkdf2-sha256$i=600000$SALT$DIGEST                     Django pbkdf2_sha256$…, passlib $pbkdf2-sha256$…, Werkzeug
//	pbkdf2-sha512  $pbkdf2-sha512$i=210000$SALT$DIGEST                     passlib $pbkdf2-sha512$…, Werkzeug
//	bcrypt         $2b$12$SALTDIGEST, also 2a, 2x and 2y                   Django bcrypt$$2b$12$…, Spring {bcrypt}$2a$…
//	bcrypt-sha256  $bcrypt-sha256$v=2,t=2b,r=12$SALT$DIGEST                (passlib, both versions)
//	django-bcrypt-sha256  $django-bcrypt-sha256$2b$12$SALTDIGEST           Django bcrypt_sha256$$2b$12$…
//	phpass         $phpass$ln=13$SALT$DIGEST                               $P$BSALT…, $H$BSALT…
//	salted-md5     $salted-md5$at=start$SALT$DIGEST                        md5$salt$hex, LDAP {SMD5} and {MD5}
//	salted-sha1    $salted-sha1$at=end$SALT$DIGEST                         sha1$salt$hex, LDAP {SSHA} and {SHA}
//	salted-sha256  $salted-sha256$at=end$SALT$DIGEST                       sha256$salt$hex, LDAP {SSHA256} and {SHA256}
//	salted-sha512  $salted-sha512$at=end$SALT$DIGEST                       sha512$salt$hex, LDAP {SSHA512} and {SHA512}
//
// SALT and DIGEST are base64 without padding unless said otherwise; "at" is where the salt stands, before the password or
// after it. In the forms with $salt$hex it stands before, and may be empty. Of bcrypt only the text is read here: package
// password computes it.
//
// Not read: argon2d and argon2 of a version before 0x13 (1.3), which golang.org/x/crypto does not compute and none of these
// systems writes by default; crypt(3) with MD5, SHA-256 or SHA-512 ($1$, $5$, $6$); and a digest without the name of its
// function.
//
// The work and memory that a hash may ask for have ceilings (Max…), since one stored hash could otherwise keep a processor
// busy for days with every wrong password. An error says which ceiling, and shows nothing of the salt or digest.
package foreignhash

package users

// The form of credentials.
var (
	FormatCredential = formatCredential
	ParseCredential  = parseCredential
	ChecksumOf       = checksumOf
)

package config

import "bytes"

// byteOrderMark is what some editors and shells put before UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// PlainText returns the content of a text file without the byte order mark that some editors and shells put before UTF-8.
// UTF-16, which Windows PowerShell writes with > and Out-File, is known by its own mark and is a problem: "is in UTF-16;
// …", without anything of the content.
func PlainText(content []byte) (text []byte, problem string) {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return nil, "is in UTF-16; it must be in UTF-8"
	}
	return bytes.TrimPrefix(content, byteOrderMark), ""
}

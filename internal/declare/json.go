package declare

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// byteOrderMark may begin a file of either form.
var byteOrderMark = []byte("\ufeff")

// readJSON reads a file that is a JSON object (RFC 8259) into the nodes that the same file would have as YAML. JSON is
// not read as YAML: that refuses surrogate pairs ("\ud83d\udd11"), "\/", an unescaped U+007F and a line break before a
// colon. For a file that is not JSON it returns nil and the reason.
func readJSON(raw []byte) (*yaml.Node, error) {
	j := &jsonFile{raw: raw, dec: jsontext.NewDecoder(bytes.NewBuffer(raw)), line: 1}
	root, err := j.value()
	if err != nil {
		return nil, err
	}
	return root, j.end()
}

// jsonFile is a file on the way from its first token to its last.
type jsonFile struct {
	raw  []byte
	dec  *jsontext.Decoder
	line int // of what ends at offset, from 1
	// offset is up to where line has been counted.
	offset int64
}

// here returns the line of the token that was read last. No token of JSON spans two lines.
func (j *jsonFile) here() int {
	end := j.dec.InputOffset()
	j.line += bytes.Count(j.raw[j.offset:end], []byte("\n"))
	j.offset = end
	return j.line
}

// value reads one value, which is next. The decoder refuses names that come twice, and bounds the depth.
func (j *jsonFile) value() (*yaml.Node, error) {
	token, err := j.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: j.here()}
	switch token.Kind() {
	case '{':
		n.Kind = yaml.MappingNode
		return n, j.values(n, '}')
	case '[':
		n.Kind = yaml.SequenceNode
		return n, j.values(n, ']')
	case '"':
		n.Tag = "!!str"
	case 'n':
		n.Tag = "!!null"
	case 't', 'f':
		n.Tag = "!!bool"
	default:
		n.Tag = "!!float"
	}
	n.Value = token.String()
	return n, nil
}

// values reads what an object or an array holds, up to its end.
func (j *jsonFile) values(n *yaml.Node, end jsontext.Kind) error {
	for j.dec.PeekKind() != end {
		child, err := j.value()
		if err != nil {
			return err
		}
		n.Content = append(n.Content, child)
	}
	_, err := j.dec.ReadToken()
	return err
}

// end returns an error if something follows the value.
func (j *jsonFile) end() error {
	if rest := bytes.TrimLeft(j.raw[j.dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return &jsontext.SyntacticError{ByteOffset: int64(len(j.raw) - len(rest))}
	}
	return nil
}

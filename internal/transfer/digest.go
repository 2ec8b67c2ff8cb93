package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"math/bits"
)

// digest is that of the rows of a table, in whatever order they come: the sum of the SHA-256 of each row, modulo 2^256. Two
// databases sort texts in different ways, so the order must not count.
type digest struct {
	rows int64
	sum  [4]uint64 // the lowest first
	buf  []byte
}

// over passes rows on, and takes each into the digest.
func (d *digest) over(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				d.add(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// drain takes rows into the digest.
func (d *digest) drain(rows iter.Seq2[Row, error]) error {
	for _, err := range d.over(rows) {
		if err != nil {
			return err
		}
	}
	return nil
}

// add takes a row. Each value is encoded as its kind, its length and its bytes, so that no two rows are encoded alike.
func (d *digest) add(row Row) {
	d.buf = d.buf[:0]
	for _, value := range row {
		switch v := value.(type) {
		case nil:
			d.encode('n', nil)
		case string:
			d.encode('s', []byte(v))
		case []byte:
			d.encode('b', v)
		case int64:
			d.encode('i', binary.BigEndian.AppendUint64(nil, uint64(v))) //nolint:gosec // G115: the bits are what counts
		case bool:
			d.encode('t', []byte{map[bool]byte{true: 1}[v]})
		default:
			panic("transfer: a row has a value of a type that it must not have")
		}
	}
	hash := sha256.Sum256(d.buf)
	var carry uint64
	for i := range d.sum {
		d.sum[i], carry = bits.Add64(d.sum[i], binary.LittleEndian.Uint64(hash[8*i:]), carry)
	}
	d.rows++
}

func (d *digest) encode(kind byte, value []byte) {
	d.buf = append(d.buf, kind)
	d.buf = binary.BigEndian.AppendUint64(d.buf, uint64(len(value)))
	d.buf = append(d.buf, value...)
}

// equal reports whether two digests are of the same rows.
func (d *digest) equal(other *digest) bool { return d.rows == other.rows && d.sum == other.sum }

// String is the sum in hexadecimal digits, the lowest byte first.
func (d *digest) String() string {
	var b []byte
	for _, part := range d.sum {
		b = binary.LittleEndian.AppendUint64(b, part)
	}
	return hex.EncodeToString(b)
}

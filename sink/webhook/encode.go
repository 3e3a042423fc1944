package webhook

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/leat-io/leat/stream"
)

// contentType is the one attribute that has a header of HTTP's own.
const contentType = "datacontenttype"

// binaryHeader puts the attributes into headers.
func binaryHeader(header http.Header, e *stream.Event) error {
	for name, value := range attributes(e) {
		if name != contentType {
			header.Set("Ce-"+name, percentEncode(value))
			continue
		}
		// A media type is sent as it is: its quotes and spaces mean something.
		if !printable(value) {
			return unsendable("datacontenttype %.64q is not a media type", value)
		}
		header.Set("Content-Type", value)
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// percentEncode encodes an attribute for a header: the space, the double quote,
// the percent sign and all bytes that are not printable ASCII.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	plain := func(c byte) bool { return c > ' ' && c <= '~' && c != '"' && c != '%' }
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)+16), s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// structured is the event in the JSON format. Data that is JSON is in it byte
// for byte, white space included; any other data as base64, which keeps it
// whatever its character set.
func structured(e *stream.Event) []byte {
	b := make([]byte, 0, 512+len(e.Data)*4/3)
	b = append(b, '{')
	for name, value := range attributes(e) {
		b = append(appendJSON(b, name), ':')
		b = append(appendJSON(b, value), ',')
	}
	switch {
	case e.Data == nil:
		b = b[:len(b)-1]
	case isJSON(e):
		b = append(append(b, `"data":`...), e.Data...)
	default:
		b = append(b, `"data_base64":"`...)
		b = append(base64.StdEncoding.AppendEncode(b, e.Data), '"')
	}
	return append(b, '}')
}

// appendJSON appends a string, which cannot fail.
func appendJSON(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) //nolint:errchkjson // see above
	return append(b, quoted...)
}

// isJSON tells whether the data can stand in a JSON document as it is. Without a
// datacontenttype the format assumes JSON. Media types that end in +json, or are
// in capitals, would be JSON too; but receivers built with the Go SDK (v2.16)
// refuse any value but a string there, whereas base64 is understood by all: the
// format has it for whatever the sender takes for bytes.
func isJSON(e *stream.Event) bool {
	media, _, _ := strings.Cut(e.DataContentType, ";")
	switch strings.TrimSpace(media) {
	case "", "application/json", "text/json":
	default:
		return false
	}
	// json.Valid lets strings pass that are not UTF-8.
	return json.Valid(e.Data) && utf8.Valid(e.Data)
}

package stac

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Signatures of URLs, by who makes them: the parameter that gives one away, and
// those that come with it. Parameters that say what is meant (versionId) stay.
var signatures = []struct {
	mark   string
	others []string
	prefix string
}{
	{mark: "x-amz-signature", prefix: "x-amz-"},
	{mark: "x-goog-signature", prefix: "x-goog-"},
	{mark: "x-oss-signature", prefix: "x-oss-"},
	// Azure's shared access signatures, as Planetary Computer makes them.
	{mark: "sig", others: []string{
		"sv", "st", "se", "sp", "sr", "ss", "srt", "spr", "sip", "sks", "skt", "ske", "skv", "skoid", "sktid", "saoid", "suoid", "scid", "sdd", "si",
	}},
	// AWS before version 4, Google, Aliyun and CloudFront.
	{mark: "signature", others: []string{
		"awsaccesskeyid", "googleaccessid", "ossaccesskeyid", "expires", "key-pair-id", "policy", "hash-algorithm", "keyname", "x-amz-security-token",
	}},
	// Akamai and others who put all of it into one.
	{mark: "hdnea"},
	{mark: "hdnts"},
	{mark: "__token__"},
	{mark: "token", others: []string{"expires", "token_path"}},
	{mark: "access_token"},
}

// Unsigned is a URL without the parameters of a signature (of S3, Azure, Google,
// CloudFront and their like), which ends after an hour or so: workers sign
// late. What has none comes back as it is.
func Unsigned(href string) string { return string(unsigned([]byte(href))) }

// unsigned is text itself where nothing is to be taken out.
func unsigned(text []byte) []byte {
	mark := bytes.IndexByte(text, '?')
	if mark < 0 || !bytes.Contains(text[:mark], []byte("://")) {
		return text
	}
	query, fragment, hasFragment := strings.Cut(string(text[mark+1:]), "#")
	parts := strings.Split(query, "&")
	kept := slices.DeleteFunc(slices.Clone(parts), signing(parts))
	if len(kept) == len(parts) {
		return text
	}
	out := slices.Clone(text[:mark])
	if len(kept) > 0 {
		out = append(append(out, '?'), strings.Join(kept, "&")...)
	}
	if hasFragment {
		out = append(append(out, '#'), fragment...)
	}
	return out
}

// signing tells which of a query's parts belong to a signature.
func signing(parts []string) func(string) bool {
	names := map[string]bool{}
	for _, part := range parts {
		names[parameterName(part)] = true
	}
	return func(part string) bool {
		name := parameterName(part)
		for _, s := range signatures {
			if names[s.mark] && (name == s.mark || slices.Contains(s.others, name) || s.prefix != "" && strings.HasPrefix(name, s.prefix)) {
				return true
			}
		}
		return false
	}
}

func parameterName(part string) string {
	name, _, _ := strings.Cut(part, "=")
	return strings.ToLower(name)
}

// unsignedJSON takes signatures out of all strings of a document, and leaves every
// other byte as it is.
func unsignedJSON(raw json.RawMessage) json.RawMessage {
	var out []byte
	done := 0
	s := scanner{buf: raw}
	s.strings(func(from, to int, text []byte) {
		clean := unsigned(text)
		if len(clean) == len(text) {
			return
		}
		var quoted bytes.Buffer
		encoder := json.NewEncoder(&quoted)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(string(clean)) != nil {
			return
		}
		out = append(append(out, raw[done:from]...), bytes.TrimRight(quoted.Bytes(), "\n")...)
		done = to
	})
	if done == 0 || s.err != nil {
		return raw
	}
	return append(out, raw[done:]...)
}

// strings calls each for all strings that are values, with where they are,
// quotes included.
func (s *scanner) strings(each func(from, to int, text []byte)) {
	switch s.peek() {
	case '{':
		for s.enter('{'); s.more('}'); s.strings(each) {
			s.key()
		}
	case '[':
		for s.enter('['); s.more(']'); {
			s.strings(each)
		}
	case '"':
		from := s.pos
		if text := s.text(); s.err == nil {
			each(from, s.pos, text)
		}
	default:
		s.skip()
	}
}

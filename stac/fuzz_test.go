package stac_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
)

// FuzzScan: what is passed over is what encoding/json calls valid, but for what is nested too deep.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"a":[1,-0.5e+7,true,false,null,"x\u00e9\n"]}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{1:2}`, `01`, `-`, `1.`, `.5`, `1e`, `1e+`, `+1`, `"\x"`, `"\u12"`,
		"\"\x01\"", `"`, `nul`, `truex`, `{} {}`, ` [ ] `, "\ufeff{}", `[[[[]]]]`, strings.Repeat("[", 200), strings.Repeat(`{"a":`, 200), strings.Repeat("[", 128) + strings.Repeat("]", 128),
		strings.Repeat("[", 129) + strings.Repeat("]", 129), "[1\x00]", "{}\x00", `{"a":1 "b":2}`, `[1 2]`, `{"a":1]`, `[1}`, "\"\xff\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		ok, deep := stac.Scan(raw)
		if !deep {
			require.Equal(t, json.Valid(raw), ok, "%q", raw)
		}
	})
}

// FuzzPage: whatever a server answers, its items have an ID and are JSON that is in the answer, and their addresses are such
// as may be published.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"FeatureCollection","features":[{"id":"1","collection":"c","bbox":[1,2,3,4],"properties":{"datetime":null,"updated":"2024-05-01T00:00:00Z"},"links":[{"rel":"self","href":"x"}]}],
			"links":[{"rel":"next","method":"POST","href":"/search","body":{"a":1},"headers":{"x":["y"]},"merge":true}],"numberMatched":3,"context":{"matched":2}}`,
		`{"type":"Feature","id":"1","links":[{"rel":"self","href":"http://169.254.169.254/"}]}`, `{"features":[1,null,{},{"id":{}}]}`, `{"features":{},"links":{},"id":1}`,
		`{"type":"Feature","id":"\ud800","collection":"a/../b","properties":[],"bbox":[1e999,2,3,4]}`, `{"links":[{"rel":"self","href":"%zz"},{"href":"\u0000"}]}`, `{"numberMatched":1e300,"context":3}`,
		`{"type":"Feature","id":"1","links":[{"rel":"self","href":"https://x/i?sig=1&se=2"}]}`, `[]`, `{`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		items, links, err := stac.Decode(bytes.Clone(body), "https://stac.example.com/v1/")
		if err != nil {
			require.Less(t, len(err.Error()), 500)
			return
		}
		require.True(t, json.Valid(body))
		for i := range items {
			item := &items[i]
			if item.ID == "" && item.Raw == nil { // no Feature
				continue
			}
			require.True(t, json.Valid(item.Raw))
			require.True(t, bytes.Contains(body, item.Raw))
			require.True(t, strings.HasPrefix(item.Href, "https://stac.example.com/"), item.Href)
			require.NotEmpty(t, item.Version())
			require.True(t, json.Valid(item.Unsigned()))
			require.True(t, item.BBox == nil || len(item.BBox) == 4 || len(item.BBox) == 6)
		}
		for i := range links {
			method, header, sent, err := stac.NextOf(&links[i], []byte(`{"limit":1}`))
			if err != nil {
				continue
			}
			require.Contains(t, []string{http.MethodGet, http.MethodPost}, method)
			require.Equal(t, method == http.MethodPost, sent != nil)
			for name, values := range header {
				req := &http.Request{Method: method, URL: &url.URL{Scheme: "https", Host: "x", Path: "/"}, Header: http.Header{name: values}}
				var out bytes.Buffer
				require.NoError(t, req.Write(&out))
				require.Empty(t, header.Get("Authorization")+header.Get("Host")+header.Get("Cookie"))
			}
		}
	})
}

// FuzzVersion: spaces do not count, signatures do not, and what has none stays as it is.
func FuzzVersion(f *testing.F) {
	f.Add([]byte(`{"b":1,"a":{"href":"https://x/y?sig=1&se=2"},"links":[1]}`))
	f.Add([]byte(`{"a":"https://x/?X-Amz-Signature=1\u0026a=b","a":[{"c":2},{"b":"\ud800"}]}`))
	f.Add([]byte(`[ "https://x/?token=1#f", 1.0, true ]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if ok, _ := stac.Scan(raw); !ok {
			return
		}
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, raw))
		hash := stac.ContentHash(raw)
		require.Len(t, hash, 32)
		require.Equal(t, hash, stac.ContentHash(compact.Bytes()))
		clean := stac.UnsignedJSON(raw)
		require.True(t, json.Valid(clean))
		require.Equal(t, hash, stac.ContentHash(clean))
		require.Equal(t, string(clean), string(stac.UnsignedJSON(clean)))
	})
}

// FuzzTime: what is read as a time can be sent, and read again.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{"2024-05-01T00:00:00Z", "2024-05-01t00:00:00.123456789123z", "2024-05-01 00:00:00+02", "2012", "..", "a/b", "../2024-05-01T00:00:00Z", "2024-05-01T00:00:00./", "0000-01-01T00:00:00+23:59"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := stac.ParseTime(text); err != nil {
			require.Less(t, len(err.Error()), 300)
		}
		i, err := stac.ParseInterval(text)
		if err != nil || i.Start.Year() < 0 || i.End.Year() > 9999 {
			return
		}
		again, err := stac.ParseInterval(i.String())
		require.NoError(t, err, "%q is %s", text, i)
		require.Equal(t, i.String(), again.String())
	})
}

// FuzzRetryAfter: whatever is asked for is between nothing and a year.
func FuzzRetryAfter(f *testing.F) {
	f.Add("3", "")
	f.Add("Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 2099 07:27:00 GMT")
	f.Add("-1", "x")
	f.Add("NaN", "")
	f.Add("1e400", "")
	f.Add("99999999999999999999", "")
	f.Add("Inf", "")
	f.Fuzz(func(t *testing.T, value, date string) {
		got := stac.RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Unix(1e9, 0))
		require.GreaterOrEqual(t, got, time.Duration(0))
		require.LessOrEqual(t, got, 365*24*time.Hour)
	})
}

// FuzzClass: no class of conformance is anything but itself.
func FuzzClass(f *testing.F) {
	f.Add("https://api.stacspec.org/v1.0.0-rc.2/item-search#filter")
	f.Add("http://www.opengis.net/spec/cql2/1.0/conf/cql2-text")
	f.Add("://#")
	f.Fuzz(func(t *testing.T, uri string) {
		if (stac.Conformance{uri}).Has(stac.ClassFilter) {
			require.Contains(t, strings.ToLower(uri), "#filter")
		}
	})
}

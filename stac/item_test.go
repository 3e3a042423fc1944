package stac_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/stac"
	"github.com/leat-io/leat/stac/internal/stactest"
)

// itemOf is an item as a search gives it.
func itemOf(t *testing.T, cfg stac.ClientConfig, raw string) stac.Item {
	t.Helper()
	s := stactest.New(t, stactest.EarthSearch())
	s.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/search" {
				return false
			}
			fmt.Fprintf(w, `{"type":"FeatureCollection","features":[ %s ],"links":[]}`, strings.ReplaceAll(raw, "HOST", s.URL))
			return true
		}
	})
	cfg.URL = s.URL
	g := gather(client(t, cfg).Search(within(t), stac.Query{}))
	require.NoError(t, g.err)
	require.Len(t, g.items, 1)
	item := g.items[0]
	item.Href = strings.ReplaceAll(item.Href, s.URL, "HOST")
	return item
}

// The version is updated where there is one, else the content: links, signatures, order, spaces and escapes do not count.
func TestPoint19_VersionOfAnItem(t *testing.T) {
	t.Parallel()
	version := func(raw string) string {
		item := itemOf(t, stac.ClientConfig{}, raw)
		require.Equal(t, item.Version(), item.Ref().Version)
		return item.Version()
	}
	require.Equal(t, "2024-05-01T00:00:00.5Z", version(`{"type":"Feature","id":"1","properties":{"updated":"2024-05-01T02:00:00.500+02:00"}}`))
	one := version(`{"type":"Feature","id":"1","links":[],"properties":{"datetime":null,"a":[1,2,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif"}}}`)
	require.Len(t, one, 32)
	for what, same := range map[string]string{
		"order and spaces": `{ "assets":{"b":{"href":"https://x.blob.example/b.tif"}}, "properties":{"a":[1, 2, {"x":"é&"}],"datetime":null}, "id":"1","type":"Feature","links":[] }`,
		"escapes":          `{"type":"Feature","id":"1","links":[],"properties":{"datetime":null,"a":[1,2,{"x":"\u00e9\u0026"}]},"assets":{"b":{"href":"https:\/\/x.blob.example/b.tif"}}}`,
		"links":            `{"type":"Feature","id":"1","links":[{"rel":"self","href":"HOST/x"}],"properties":{"datetime":null,"a":[1,2,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif"}}}`,
		"signature":        `{"type":"Feature","id":"1","properties":{"datetime":null,"a":[1,2,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif?st=1&se=2&sp=rl&sv=3&sr=c&sig=abc%3D"}}}`,
		"escaped &":        `{"type":"Feature","id":"1","properties":{"datetime":null,"a":[1,2,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif?se=2\u0026sig=def"}}}`,
	} {
		require.Equal(t, one, version(same), what)
	}
	for what, other := range map[string]string{
		"value":  `{"type":"Feature","id":"1","properties":{"datetime":null,"a":[1,2,{"x":"e&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif"}}}`,
		"array":  `{"type":"Feature","id":"1","properties":{"datetime":null,"a":[2,1,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif"}}}`,
		"nested": `{"type":"Feature","id":"1","properties":{"datetime":null,"a":[1,2],"x":"é&"},"assets":{"b":{"href":"https://x.blob.example/b.tif"}}}`,
		"type":   `{"type":"Feature","id":"1","properties":{"datetime":null,"a":["1",2,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif"}}}`,
		"query":  `{"type":"Feature","id":"1","properties":{"datetime":null,"a":[1,2,{"x":"é&"}]},"assets":{"b":{"href":"https://x.blob.example/b.tif?versionId=2&sig=abc&se=1"}}}`,
	} {
		require.NotEqual(t, one, version(other), what)
	}
}

// No signature and no key of ours is in what is published; all else of a URL stays.
func TestPoint27_SignaturesAreTakenOut(t *testing.T) {
	t.Parallel()
	for signed, want := range map[string]string{
		"https://a.blob.example/c/x.tif?st=2024&se=2025&sp=rl&sv=2021&sr=c&skoid=1&sktid=2&skt=3&ske=4&sks=b&skv=5&sig=a%2Fb%3D":                "https://a.blob.example/c/x.tif",
		"https://b.s3.example/x.tif?versionId=7&X-Amz-Algorithm=AWS4&X-Amz-Credential=A&X-Amz-Date=1&X-Amz-Expires=3600&X-Amz-Signature=f#part": "https://b.s3.example/x.tif?versionId=7#part",
		"https://storage.example/x?X-Goog-Algorithm=G&X-Goog-Signature=1&x=2":                                                                   "https://storage.example/x?x=2",
		"https://d.cloudfront.example/x?Expires=1&Signature=2&Key-Pair-Id=3":                                                                    "https://d.cloudfront.example/x",
		"s3+https://x?AWSAccessKeyId=1&Expires=2&Signature=3":                                                                                   "s3+https://x",
		"https://x.example/tiles?expires=never&sp=1&format=png":                                                                                 "https://x.example/tiles?expires=never&sp=1&format=png",
		"https://x.example/tiles": "https://x.example/tiles", "relative?sig=1": "relative?sig=1", "": "",
	} {
		require.Equal(t, want, stac.Unsigned(signed))
	}
	const raw = `{"type":"Feature", "id":"1", "big":123456789012345678901234567890.10, "properties":{"datetime":null},
		"assets":{"a":{"href":"https://a.blob.example/x.tif?se=1&sig=2", "k":"\u00e9"},"b":{"href":"https://a.blob.example/y.tif?v=1\u0026se=1\u0026sig=2"},"c":{"href":"https://plain/?a=\u0026b"}},
		"links":[{"rel":"self","href":"HOST/items/1?se=1&sig=2"}]}`
	item := itemOf(t, stac.ClientConfig{}, raw)
	require.Equal(t, "HOST/items/1", item.Href)
	clean := string(item.Unsigned())
	require.NotContains(t, clean, "sig=2")
	require.Contains(t, clean, `"big":123456789012345678901234567890.10`)
	require.Contains(t, clean, `{"href":"https://a.blob.example/x.tif", "k":"\u00e9"},"b":{"href":"https://a.blob.example/y.tif?v=1"},"c":{"href":"https://plain/?a=\u0026b"}`)
	require.True(t, json.Valid(item.Unsigned()))

	item = itemOf(t, stac.ClientConfig{Auth: stac.APIKeyQuery("apikey", "s3cret")}, `{"type":"Feature","id":"1","links":[{"rel":"self","href":"HOST/items/1?f=json&apikey=s3cret"}]}`)
	require.Equal(t, "HOST/items/1?f=json", item.Href)
}

// The self link, else the collection's URL and the ID; never where we would not go.
func TestPoint29_HrefOfAnItem(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"type":"Feature","id":"1","collection":"c","links":[{"rel":"root","href":"HOST/"},{"rel":"self","href":"HOST/c/1"}]}`:  "HOST/c/1",
		`{"type":"Feature","id":"1","collection":"c","links":[{"href":"c/1","rel":"self"}]}`:                                     "HOST/c/1",
		`{"type":"Feature","id":"a/b 1","collection":"c d"}`:                                                                     "HOST/collections/c%20d/items/a%2Fb%201",
		`{"type":"Feature","id":"1","collection":"c","links":[{"rel":"self","href":"http://169.254.169.254/latest/meta-data"}]}`: "HOST/collections/c/items/1",
		`{"type":"Feature","id":"1","collection":"c","links":[{"rel":"self","href":"file:///etc/passwd"}]}`:                      "HOST/collections/c/items/1",
		`{"type":"Feature","id":"1","collection":"c","links":[{"rel":"self","href":"https://elsewhere.example/1"}]}`:             "HOST/collections/c/items/1",
	} {
		item := itemOf(t, stac.ClientConfig{}, raw)
		require.Equal(t, want, item.Href)
	}
	item := itemOf(t, stac.ClientConfig{AllowHosts: []string{"*.example"}}, `{"type":"Feature","id":"1","collection":"c","links":[{"rel":"self","href":"https://elsewhere.example/1"}]}`)
	require.Equal(t, "https://elsewhere.example/1", item.Href)
	c := client(t, stac.ClientConfig{URL: "https://user:pw@stac.example.com/v1/?x=1"})
	require.Equal(t, "https://stac.example.com/v1/collections/sentinel-2%2Fl2a", strings.Split(c.Source("sentinel-2/l2a"), "?")[0])
	require.NotContains(t, c.URL(), "pw")
}

// An item's bytes are what the server sent.
func TestPoint30_RawBytesAreKept(t *testing.T) {
	t.Parallel()
	const raw = `{"id" :"1",  "type":"Feature","n":12345678901234567890.123456789e+0010,"unknown:member":{"z":1,"a":[ ]},"properties":{"datetime":"2024-05-01t00:00:00.123456789z","\u0078":"\ud83d\ude00"}, "bbox":[1,2,3,4],"id":"2"}`
	item := itemOf(t, stac.ClientConfig{}, raw)
	require.Equal(t, raw, string(item.Raw))
	require.Equal(t, "2", item.ID, "as encoding/json: the last one counts")
	require.Equal(t, []float64{1, 2, 3, 4}, item.BBox)
	require.Equal(t, day.Add(123456789), item.Datetime)
	clone := item.Clone()
	require.Equal(t, item.Raw, clone.Raw)
	require.Equal(t, item.Version(), clone.Version())
}

// Members of types that nobody expects do not stop a page.
func TestItemsWithOddMembers(t *testing.T) {
	t.Parallel()
	item := itemOf(t, stac.ClientConfig{}, `{"type":7,"id":42,"collection":null,"bbox":["a",1,2,3],"links":{"rel":"self"},"properties":[1,{"updated":"x"}],"geometry":false}`)
	require.Equal(t, "42", item.ID)
	require.Empty(t, item.Collection)
	require.Nil(t, item.BBox)
	item = itemOf(t, stac.ClientConfig{}, `{"id":"1","bbox":[1,2,3],"links":[1,null,{"rel":1,"href":{}},{"rel":"self","href":"a"}],"properties":{"updated":17,"created":"yesterday","datetime":"2024-05-01T00:00:00"}}`)
	require.Nil(t, item.BBox)
	require.True(t, item.Updated.IsZero() && item.Created.IsZero())
	require.Equal(t, day, item.Datetime)
	require.Equal(t, "HOST/a", item.Href)
}

func TestItemByItsURL(t *testing.T) {
	t.Parallel()
	items := stactest.Items("a", 3, day, time.Hour)
	s := stactest.New(t, stactest.EarthSearch(), items...)
	c := of(t, s)
	g := gather(c.Search(within(t), stac.Query{}))
	item, err := c.Item(within(t), g.items[1].Href)
	require.NoError(t, err)
	require.Equal(t, g.items[1].Ref(), item.Ref())
	require.JSONEq(t, string(g.items[1].Raw), string(item.Raw))
	_, err = c.Item(within(t), s.URL+"/")
	require.ErrorContains(t, err, "want a Feature")
	var status *stac.StatusError
	_, err = c.Item(within(t), s.URL+"/collections/a/items/none")
	require.ErrorAs(t, err, &status)
	require.Equal(t, 404, status.Code)
}

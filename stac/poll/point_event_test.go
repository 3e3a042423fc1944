package poll_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/streamtest"
	"github.com/leat-io/leat/stac/internal/stactest"
	"github.com/leat-io/leat/stac/poll"
)

func TestPoint27_NoSignedAddressIsPublished(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 3, day, time.Hour)
	items[0].Assets = map[string]string{"image": "https://data.example.com/a.tif?sv=2021&sig=SECRET&se=2024-01-01"}
	l := newLab(t, stactest.PgSTAC(), items...)
	l.server.Change(func(_ *stactest.Shape, f *stactest.Faults) {
		f.Href = func(href string) string { return href + "?X-Amz-Signature=SECRET&X-Amz-Credential=SECRET" }
	})
	p := l.poller(poll.Config{Payload: poll.Item, Sources: []poll.Source{l.source(func(s *poll.Source) { s.Strategy = poll.Reconcile })}})
	err := p.Once(l.ctx)
	require.NoError(t, err)
	require.Len(t, l.told(), 3)
	for _, e := range l.entries() {
		for name, value := range e {
			require.NotContains(t, value, "SECRET", name)
		}
	}
}

func TestPoint29_TheEvent(t *testing.T) {
	t.Parallel()
	items := stactest.Items("sentinel 2", 1, day, time.Hour)
	items[0].ID = "S2A_1"
	l := newLab(t, stactest.PgSTAC(), items...)
	l.once(nil)
	source := l.server.URL + "/collections/sentinel%202"
	href := source + "/items/S2A_1"
	e := l.entries()[0]
	require.JSONEq(t, `{"rel":"item","type":"application/geo+json","href":"`+href+`","producer":"tester"}`, e["data"])
	delete(e, "data")
	require.Equal(t, entry{
		"specversion": "1.0", "type": "org.ogc.api.collection.item.create", "source": source, "id": poll.EventID(source, "S2A_1", "2024-05-01T01:00:00Z"),
		"time": "2024-05-01T01:00:00Z", "datacontenttype": "application/json", "subject": href, "href": href, "producer": "tester",
		"staccollection": "sentinel 2", "stacitem": "S2A_1", "stacitemversion": "2024-05-01T01:00:00Z", "datetime": "2024-05-01T00:00:00Z", "bbox": "-180,10,-179,11",
	}, e)
	require.NotEqual(t, poll.EventID("a", "b", "c"), poll.EventID("a", "b\nc", ""))
}

func TestPoint30_TheWholeItemByteForByte(t *testing.T) {
	t.Parallel()
	items := stactest.Items("c", 2, day, time.Hour)
	items[0].Properties = map[string]any{"large": json.RawMessage("12345678901234567890123"), "odd": json.RawMessage("1.0e+2")}
	items[1].Properties = map[string]any{"long": strings.Repeat("x", 70_000)}
	l := newLab(t, stactest.PgSTAC(), items...)
	p := l.poller(poll.Config{Payload: poll.Item, Sources: []poll.Source{l.source(nil)}})
	require.NoError(t, p.Once(l.ctx))
	by := map[string]entry{}
	for _, e := range l.entries() {
		by[e["stacitem"]] = e
	}
	whole, large := by[items[0].ID], by[items[1].ID]
	require.Equal(t, "application/geo+json", whole["datacontenttype"])
	require.Contains(t, whole["data"], `"large":12345678901234567890123`)
	require.Contains(t, whole["data"], `"odd":1.0e+2`)
	require.Equal(t, "application/json", large["datacontenttype"], "what does not fit is a link")
	require.Less(t, len(large["data"]), 1000)
}

func TestManySourcesAreOneStream(t *testing.T) {
	t.Parallel()
	l := newLab(t, stactest.PgSTAC(), stactest.Items("a", 30, day, time.Hour)...)
	other := newLab(t, stactest.Features(), stactest.Items("b", 30, day, time.Hour)...)
	second := other.source(func(s *poll.Source) { s.Reconcile = time.Second })
	stop := l.run(l.poller(poll.Config{Sources: []poll.Source{l.source(nil), second}}))
	streamtest.Eventually(t, func() bool { return len(l.published()) == 60 }, "both are published")
	l.server.Put(stactest.Items("a", 31, day, time.Hour)[30])
	streamtest.Eventually(t, func() bool { return len(l.published()) == 61 }, "what comes later")
	stop()
	l.unique()
}

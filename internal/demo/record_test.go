package demo

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/consumer"
	"github.com/leat-io/leat/stream"
)

// lines takes what is written, and how often.
type lines struct {
	bytes.Buffer
	writes int
}

func (l *lines) Write(b []byte) (int, error) {
	l.writes++
	return l.Buffer.Write(b)
}

func TestRecordsComeBack(t *testing.T) {
	t.Parallel()
	var w lines
	tell := recorder{&w}
	d := &stream.Delivery{EntryID: stream.ID{Ms: 1783161359000, Seq: 7}}
	before := time.Now()
	tell.up()
	tell.taken("s", consumer.Reclaimed, 9, 0)
	tell.started(d)
	tell.done(d, seen{1234.5, 67.25})
	tell.settled(d, consumer.Acked, 0)
	text := w.String()
	assert.Equal(t, 5, w.writes, "a record is one call, or a kill could tear it")
	assert.Equal(t, 5, strings.Count(text, "\n"))
	var got []record
	for line := range strings.Lines(text) {
		r, err := parseRecord(line)
		require.NoError(t, err)
		got = append(got, r)
	}
	assert.WithinRange(t, got[4].at, before.Add(-time.Second), time.Now().Add(time.Second))
	got[4].at = time.Time{}
	assert.Equal(t, []record{
		{kind: "up"},
		{kind: "taken", how: "reclaimed", n: 9},
		{kind: "started", id: d.EntryID},
		{kind: "done", id: d.EntryID, found: seen{1234.5, 67.25}},
		{kind: "settled", id: d.EntryID, outcome: "acked"},
	}, got)
}

func FuzzParseRecord(f *testing.F) {
	for _, line := range []string{
		"up", "up 1", "taken read 3", "taken read x", "started 1-2", "started x", "done 1-2 1 2", "done 1-2 1 x",
		"settled 1-2 acked 3", "settled 1-2 acked", "", " ", "\x00", "settled 1-2 acked 99999999999999999999",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parseRecord(line)
		if err != nil {
			assert.ErrorIs(t, err, errRecord)
			return
		}
		newTally().add(r)
	})
}

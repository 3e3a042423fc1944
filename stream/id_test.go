package stream

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	good := map[string]ID{
		"0-0": {}, "0": {}, "1": {Ms: 1}, "1700000000000-7": {1700000000000, 7},
		"18446744073709551615-18446744073709551615": MaxID, "007-08": {7, 8},
	}
	for text, want := range good {
		got, err := ParseID(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	bad := []string{
		"", "-", "-1", "1-", "1--1", "1-1-1", " 1-1", "1-1 ", "+1-1", "1-x", "x", "$", ">", "*", "1_1",
		"18446744073709551616-0", "0-18446744073709551616", "99999999999999999999999", "1-1\x00", "１-1",
	}
	for _, text := range bad {
		_, err := ParseID(text)
		require.Error(t, err, text)
	}
}

// TestParseIDEveryByte changes each byte of IDs in all ways.
func TestParseIDEveryByte(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1700000000000-0", "9999999999999-18446744073709551615", "170000000000-1", "99999999999999-1", "18446744073709551615-1", "1"} {
		raw := []byte(text)
		for i, was := range raw {
			for b := range 256 {
				raw[i] = byte(b)
				id, ok := parseID(raw)
				msText, seqText, both := strings.Cut(string(raw), "-")
				ms, err := strconv.ParseUint(msText, 10, 64)
				seq, err2 := uint64(0), error(nil)
				if both {
					seq, err2 = strconv.ParseUint(seqText, 10, 64)
				}
				if want := err == nil && err2 == nil; ok != want || (ok && id != ID{ms, seq}) {
					t.Fatalf("%q is %s, %t", raw, id, ok)
				}
			}
			raw[i] = was
		}
	}
}

func TestIDNeighbours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, next, prev ID }{
		{ID{}, ID{0, 1}, ID{}},
		{ID{5, 5}, ID{5, 6}, ID{5, 4}},
		{ID{5, 0}, ID{5, 1}, ID{4, math.MaxUint64}},
		{ID{5, math.MaxUint64}, ID{6, 0}, ID{5, math.MaxUint64 - 1}},
		{MaxID, MaxID, ID{math.MaxUint64, math.MaxUint64 - 1}},
	} {
		require.Equal(t, c.next, c.id.Next(), "next of %s", c.id)
		require.Equal(t, c.prev, c.id.Prev(), "prev of %s", c.id)
	}
}

func TestIDCompare(t *testing.T) {
	t.Parallel()
	ordered := []ID{{}, {0, 1}, {0, math.MaxUint64}, {1, 0}, {9, 10}, {10, 9}, {math.MaxUint64, 0}, MaxID}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			require.Equal(t, want, a.Compare(b), "%s %s", a, b)
		}
	}
	require.True(t, ID{}.IsZero())
	require.False(t, ID{0, 1}.IsZero())
}

func TestIDTimeAndJSON(t *testing.T) {
	t.Parallel()
	require.Equal(t, time.UnixMilli(1700000000000), ID{1700000000000, 3}.Time())
	require.NotPanics(t, func() { _ = MaxID.Time().String() })
	out, err := json.Marshal(map[string]any{"id": ID{7, 8}, "at": map[ID]int{{1, 2}: 3}})
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"7-8","at":{"1-2":3}}`, string(out))
	var id ID
	require.NoError(t, json.Unmarshal([]byte(`"7-8"`), &id))
	require.Equal(t, ID{7, 8}, id)
	require.Error(t, json.Unmarshal([]byte(`"x"`), &id))
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", "0-0", "1-1", "1-", "-", "18446744073709551615-18446744073709551616", "\xff-\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err != nil {
			require.Equal(t, ID{}, id)
			return
		}
		again, err := ParseID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, again)
		require.Zero(t, id.Compare(again))
		if id != MaxID {
			require.Equal(t, 1, id.Next().Compare(id))
			require.Equal(t, id, id.Next().Prev())
		}
	})
}

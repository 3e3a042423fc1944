package agree

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

// TestADifferenceIsFoundAndShrunk: the model does not have XINFO STREAM FULL.
func TestADifferenceIsFoundAndShrunk(t *testing.T) {
	t.Parallel()
	lab := openLab(t, redistest.Installed(t)[0])
	var operations []Operation
	for _, line := range []string{
		"SET k v", "XGROUP CREATE s g 0 MKSTREAM", "XADD s 1-1 f v", "XREADGROUP GROUP g c STREAMS s >", "GET k", "XINFO STREAM s FULL", "DEL k",
	} {
		operations = append(operations, Operation{Client: 1, Args: strings.Fields(line)})
	}
	r, err := lab.Replay(operations)
	require.NoError(t, err)
	require.NotNil(t, r.Difference)
	assert.Len(t, r.Difference.Operations, 6, "up to the one that differs")
	small, err := lab.Shrink(r.Difference)
	require.NoError(t, err)
	require.Len(t, small.Operations, 2)
	assert.Equal(t, "XINFO STREAM s FULL   # client 1", small.Operations[1].String())
	assert.Contains(t, small.String(), "not supported by the embedded broker")
}

// TestStateIsCompared: two that hold something else differ even when nobody
// has asked.
func TestStateIsCompared(t *testing.T) {
	t.Parallel()
	lab := openLab(t, redistest.Installed(t)[0])
	r, err := lab.Try(&meddler{lab: lab})
	require.NoError(t, err)
	require.NotNil(t, r.Difference)
	assert.Equal(t, `*["s"]`, r.Difference.Model)
	assert.Equal(t, `*["s" "secret"]`, r.Difference.Server)
}

// A meddler writes to the server alone.
type meddler struct {
	lab  *Lab
	done bool
}

func (m *meddler) Next(Asker) (Operation, bool) {
	if m.done {
		_, err := m.lab.control.must("SET secret v")
		return Operation{}, err == nil && false
	}
	m.done = true
	return Operation{Args: []string{"XADD", "s", "1-1", "f", "v"}}, true
}

// TestBlockedClientsOnBothSides: they are woken, unblocked and timed out
// together, by the clock that is moved.
func TestBlockedClientsOnBothSides(t *testing.T) {
	t.Parallel()
	lab := openLab(t, redistest.Installed(t)[0])
	read := func(client int, timeout string) Operation {
		return Operation{Client: client, Args: []string{"XREADGROUP", "GROUP", "g", "c", "BLOCK", timeout, "STREAMS", "s", ">"}}
	}
	source := &list{operations: []Operation{
		{Args: strings.Fields("XGROUP CREATE s g 0 MKSTREAM")},
		read(1, "0"),
		read(2, "0"),
		{Args: strings.Fields("XADD s * f v")},
		{Args: []string{"CLIENT", "UNBLOCK", clientWord(2), "ERROR"}},
		read(3, "1000"),
		{Clock: 999 * time.Millisecond},
		{Args: []string{"CLIENT", "UNBLOCK", clientWord(1)}},
		{Clock: 2 * time.Millisecond},
		{Client: 3, Args: strings.Fields("XPENDING s g - + 10")},
	}}
	r, err := lab.Try(source)
	require.NoError(t, err)
	assert.Nil(t, r.Difference)
	assert.Equal(t, Tally{Answers: 3}, r.Tallies["XREADGROUP"], "three went to sleep")
	assert.Equal(t, Tally{Answers: 3, Errors: 1}, r.Tallies["(woken)"])
}

// TestSequencesFollowFromTheirSeed: a seed makes the same operations again.
func TestSequencesFollowFromTheirSeed(t *testing.T) {
	t.Parallel()
	lab, scripts := openLab(t, redistest.Installed(t)[0]), leatScripts(t)
	for seed := range uint64(5) {
		first, err := lab.Try(NewGenerator(seed, scripts, lab))
		require.NoError(t, err)
		again, err := lab.Try(NewGenerator(seed, scripts, lab))
		require.NoError(t, err)
		assert.Equal(t, first.Operations, again.Operations)
	}
}

func TestOperationAsALine(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Operation{
		"XADD s * f v":                               {Args: []string{"XADD", "s", "*", "f", "v"}},
		`SET k "two words"   # client 2`:             {Client: 2, Args: []string{"SET", "k", "two words"}},
		`SET k "\x00\"\\\n\xff"`:                     {Args: []string{"SET", "k", "\x00\"\\\n\xff"}},
		`SET k ""`:                                   {Args: []string{"SET", "k", ""}},
		"# the clock moves by -1s":                   {Clock: -time.Second},
		`EVAL "$(cat lib.lua; echo; cat due.lua)" 0`: {Args: []string{"EVAL", strings.Repeat("-", longSource+1), "0"}, Script: "due"},
	} {
		assert.Equal(t, want, o.String())
	}
}

func TestParseReply(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"+OK\r\n":                       "+OK",
		"-ERR x\r\n":                    "-ERR x",
		":5\r\n":                        ":5",
		"$3\r\na\nb\r\n":                `"a\nb"`,
		"$-1\r\n":                       "$nil",
		"*-1\r\n":                       "*nil",
		"_\r\n":                         "_",
		",1.5\r\n":                      ",1.5",
		"*2\r\n:1\r\n*1\r\n$0\r\n\r\n":  `*[:1 *[""]]`,
		"%1\r\n$1\r\na\r\n~1\r\n:1\r\n": `%["a" ~[:1]]`,
	} {
		n, err := parseReply([]byte(raw))
		require.NoError(t, err)
		assert.Equal(t, want, n.String())
	}
	for _, bad := range []string{"", "+OK", "$3\r\na\r\n", "*2\r\n:1\r\n", "$x\r\n", ":1\r\n:2\r\n"} {
		_, err := parseReply([]byte(bad))
		assert.Error(t, err, bad)
	}
}

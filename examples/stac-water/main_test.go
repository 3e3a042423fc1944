package main

import (
	"bytes"
	"context"
	"image"
	"math"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/leat-io/leat/internal/redistest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		main() // the example starts its own program
		return
	}
	redistest.Main(m)
}

func TestOffline(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, command(t.Context(), []string{"--scenes", "8"}, &out), "%s", &out)
	require.Contains(t, out.String(), "a worker is killed in the middle of scene-")
	require.Contains(t, out.String(), "8 events published: create")
	require.Contains(t, out.String(), "1 events published: delete")
	require.Len(t, regexp.MustCompile(`(?m)^ *scene-\d{3} .*%`).FindAllString(out.String(), -1), 7, "a row for each scene: %s", &out)
}

func TestOnARedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var out bytes.Buffer
	require.NoError(t, command(t.Context(), []string{"--scenes", "6", "--redis", server.URL()}, &out), "%s", &out)
	keys, err := server.Client(t).DBSize(context.Background()).Result()
	require.NoError(t, err)
	require.Zero(t, keys, "it leaves nothing")
}

func TestWhatIsNotTrueIsAnError(t *testing.T) {
	t.Parallel()
	rows := []row{{area: area{Scene: "a", Water: 100}}, {area: area{Scene: "b", Water: 50}}}
	require.NoError(t, report(&bytes.Buffer{}, rows, map[string]float64{"a": 100.001, "b": 50}))
	require.ErrorContains(t, report(&bytes.Buffer{}, rows, map[string]float64{"a": 100.1, "b": 50}), "a has 100.100 km²")
	require.ErrorContains(t, report(&bytes.Buffer{}, rows, map[string]float64{"a": 100}), "b is in the table and not")
	require.ErrorContains(t, report(&bytes.Buffer{}, rows, map[string]float64{"a": 100, "b": 50, "c": 1}), "c is in the catalog and not")
}

// The cells of the whole sphere are as large as the Earth.
func TestAreaOfTheEarth(t *testing.T) {
	t.Parallel()
	g, err := gridOf("EPSG:4326", []float64{2, 0, -180, 0, -2, 90})
	require.NoError(t, err)
	green, nir := image.NewGray16(image.Rect(0, 0, 180, 90)), image.NewGray16(image.Rect(0, 0, 180, 90))
	for i := range green.Pix {
		green.Pix[i], nir.Pix[i] = 9, 1
	}
	water, seen, err := waterArea(green, nir, g)
	require.NoError(t, err)
	require.InEpsilon(t, 4*math.Pi*earthRadius*earthRadius, seen, 1e-9)
	require.InEpsilon(t, 510.0656e6, water, 1e-6)
	clear(nir.Pix)
	clear(green.Pix)
	_, _, err = waterArea(green, nir, g)
	require.ErrorContains(t, err, "no pixel has data")
}

func TestGridsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	for _, transform := range [][]float64{nil, {1, 0, 0, 0, 1, 0}, {1, 0.5, 0, 0, -1, 0}} {
		_, err := gridOf("EPSG:4326", transform)
		require.ErrorContains(t, err, "north up")
	}
	_, err := gridOf("EPSG:32632", []float64{10, 0, 0, 0, -10, 0})
	require.ErrorContains(t, err, "EPSG:4326")
}

// An item must not make a worker read from elsewhere.
func TestAssetsOfOtherHosts(t *testing.T) {
	t.Parallel()
	m := &measurer{}
	for _, href := range []string{"", "http://169.254.169.254/latest/meta-data", "https://example.com/a.png", "//other/a.png", "file:///etc/passwd"} {
		_, err := m.band(t.Context(), "http://example.com/items/a.json", href)
		require.ErrorContains(t, err, "is not at example.com", href)
	}
}

func TestBadUsage(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, command(t.Context(), []string{"--scenes", "3"}, &bytes.Buffer{}), "4 or more")
	require.ErrorContains(t, command(t.Context(), []string{"more"}, &bytes.Buffer{}), "no arguments")
}

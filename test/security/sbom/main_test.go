package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// full is a bill of a binary of two modules.
const full = `{"bomFormat": "CycloneDX", "metadata": {"component": {"name": "example.org/app", "licenses": [{"license": {"id": "Apache-2.0"}}]}}, "components": [
	{"name": "example.org/a", "version": "v1.0.0", "purl": "pkg:golang/example.org/a@v1.0.0", "hashes": [{"alg": "SHA-256", "content": "01"}], "evidence": {"licenses": [{}]}},
	{"name": "example.org/b", "version": "v2.0.0", "purl": "pkg:golang/example.org/b@v2.0.0", "hashes": [{"alg": "SHA-256", "content": "02"}], "licenses": [{}]},
	{"name": "std", "version": "go1.26.0"}]}`

func twoModules() *debug.BuildInfo {
	return &debug.BuildInfo{
		GoVersion: "go1.26.0", Main: debug.Module{Path: "example.org/app"},
		Deps: []*debug.Module{{Path: "example.org/a", Version: "v1.0.0", Sum: "h1:AQ=="}, {Path: "example.org/c", Replace: &debug.Module{Path: "example.org/b", Version: "v2.0.0", Sum: "h1:Ag=="}}},
	}
}

func TestBillOfTheBinary(t *testing.T) {
	t.Parallel()
	var b bill
	require.NoError(t, json.Unmarshal([]byte(full), &b))
	require.NoError(t, b.compare(twoModules()))
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ from, to string }{
		"example.org/a v1.0.0 is missing":               {`"name": "example.org/a"`, `"name": "example.org/x"`},
		"example.org/x is not in the binary":            {`"name": "example.org/a"`, `"name": "example.org/x"`},
		`example.org/b is v2.0.0, and the bill has "v9`: {`"version": "v2.0.0"`, `"version": "v9"`},
		`example.org/a has the hash 01`:                 {`"content": "01"`, `"content": "ff"`},
		"example.org/a has no licence":                  {`"evidence": {"licenses": [{}]}`, `"evidence": {}`},
		`Go is go1.26.0, and the bill has "go1.1"`:      {`"go1.26.0"`, `"go1.1"`},
		`it is the bill of "example.org/other"`:         {`"name": "example.org/app"`, `"name": "example.org/other"`},
		"with 0 licences":                               {`[{"license": {"id": "Apache-2.0"}}]`, `[]`},
		`bomFormat is "SPDX"`:                           {`"CycloneDX"`, `"SPDX"`},
		"example.org/a is in it twice":                  {`"name": "example.org/b"`, `"name": "example.org/a"`},
	} {
		var b bill
		require.NoError(t, json.Unmarshal([]byte(strings.Replace(full, c.from, c.to, 1)), &b))
		require.ErrorContains(t, b.compare(twoModules()), what)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bill.json")
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err := check(file, file)
	require.ErrorContains(t, err, "read what "+file)
	self, err := os.Executable()
	require.NoError(t, err)
	_, err = check(self, file)
	require.ErrorContains(t, err, "unexpected end of JSON")
	_, err = check(self, file+"x")
	require.Error(t, err)
}

package agree

import (
	"crypto/sha1" //nolint:gosec // Redis names scripts by SHA-1; nothing secret hangs on it
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Script is one of leat's, as it is sent to servers.
type Script struct {
	Name, Source, SHA string
}

// library is what stands in front of every script of leat.
const library = "lib"

// LoadScripts reads leat's scripts from a folder, stream/scripts.
func LoadScripts(folder string) ([]Script, error) {
	lib, err := os.ReadFile(filepath.Join(folder, library+".lua"))
	if err != nil {
		return nil, fmt.Errorf("load leat's scripts: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.lua"))
	if err != nil {
		return nil, fmt.Errorf("load leat's scripts: %w", err)
	}
	slices.Sort(paths)
	var list []Script
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".lua")
		if name == library {
			continue
		}
		own, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("load leat's scripts: %w", err)
		}
		list = append(list, newScript(name, string(lib)+"\n"+string(own)))
	}
	return list, nil
}

func newScript(name, source string) Script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return Script{name, source, hex.EncodeToString(sum[:])}
}

package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"strings"
)

// is says in what the component differs from the module in the binary.
func (c component) is(module *debug.Module) error {
	if c.Version != module.Version || !strings.HasPrefix(c.Purl, "pkg:golang/") {
		return fmt.Errorf("%s is %s, and the bill has %q (%s)", module.Path, module.Version, c.Version, c.Purl)
	}
	want, err := hashOf(module)
	if err != nil {
		return err
	}
	found := ""
	for _, h := range c.Hashes {
		if h.Alg == "SHA-256" {
			found = h.Content
		}
	}
	if found != want {
		return fmt.Errorf("%s has the hash %s, and the bill has %q", module.Path, want, found)
	}
	if len(c.Licenses)+len(c.Evidence.Licenses) == 0 {
		return fmt.Errorf("%s has no licence in the bill", module.Path)
	}
	return nil
}

// hashOf is the module's hash of go.sum, in hexadecimal as CycloneDX has it.
func hashOf(module *debug.Module) (string, error) {
	text, ok := strings.CutPrefix(module.Sum, "h1:")
	sum, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return "", fmt.Errorf("%s has no hash in the binary: %q", module.Path, module.Sum)
	}
	return hex.EncodeToString(sum), nil
}

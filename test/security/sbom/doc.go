// Command sbom compares a bill of materials (CycloneDX, JSON) with the binary that it is of, as Go's linker has noted its parts
// there (`go version -m`): each module is in both, with the same version and the same hash, and has a licence.
//
//	go run ./test/security/sbom bin/leat dist/leat.cdx.json
//
// `make sbom` makes the bill and runs this.
package main

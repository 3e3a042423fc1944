package stac

import (
	"regexp"
	"slices"
	"strings"
)

// Conformance are the classes that a server says it conforms to.
type Conformance []string

// Classes for [Conformance.Has], without host and version.
const (
	ClassCore          = "core"
	ClassSearch        = "item-search"
	ClassFilter        = "item-search#filter"
	ClassSort          = "item-search#sort"
	ClassQuery         = "item-search#query"
	ClassFields        = "item-search#fields"
	ClassFeatures      = "ogcapi-features"
	ClassCollections   = "collections"
	ClassChildren      = "children"
	ClassCQL2Text      = "cql2/conf/cql2-text"
	ClassCQL2JSON      = "cql2/conf/cql2-json"
	ClassBasicCQL2     = "cql2/conf/basic-cql2"
	ClassFeaturesCore  = "ogcapi-features-1/conf/core"
	ClassFilterFeature = "ogcapi-features-3/conf/filter"
)

// Has tells whether a class is there, whatever version it is given in:
// https://api.stacspec.org/v1.0.0-rc.2/item-search#filter has "item-search#filter".
// A trailing slash does not count.
func (c Conformance) Has(class string) bool {
	return slices.ContainsFunc(c, func(uri string) bool { return className(uri) == class })
}

// version is a segment of a path: v1.0.0-rc.2, 1.0, 1.0-draft.
var version = regexp.MustCompile(`^v?[0-9]+(\.[0-9]+)+[-.0-9a-z]*$`)

// className is the path of a URI without its versions, and without what all
// classes of OGC begin with.
func className(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	_, rest, _ = strings.Cut(strings.ToLower(strings.TrimSpace(rest)), "/")
	rest, fragment, _ := strings.Cut(rest, "#")
	segments := slices.DeleteFunc(strings.Split(rest, "/"), func(s string) bool { return s == "" || version.MatchString(s) })
	if len(segments) > 0 && segments[0] == "spec" {
		segments = segments[1:]
	}
	name := strings.Join(segments, "/")
	if fragment != "" {
		name += "#" + fragment
	}
	return name
}

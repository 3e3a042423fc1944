package stactest

// Shape is how a server answers.
type Shape struct {
	// Conforms are its conformance classes.
	Conforms []string
	// Hidden leaves them out of the landing page; they are at /conformance then.
	Hidden bool
	// Post and Get are the search links on the landing page; a GET link has no
	// method. Without either there are only collections.
	Post, Get bool
	// Next makes the next link.
	Next NextShape
	// Matched and Context say how many there are: numberMatched, context.matched.
	Matched, Context bool
	// Timestamp, Text and Query are the ways in which it compares updated.
	Timestamp, Text, Query bool
	// MaxLimit is answered with 400 when a limit is above it; Cap is what a page has
	// at the most, without a word. 0: none.
	MaxLimit, Cap int
}

// NextShape is how a next link is made.
type NextShape int

// The shapes that were seen.
const (
	// NextFullBody posts the original body again, with a token in it: pgSTAC,
	// Planetary Computer.
	NextFullBody NextShape = iota
	// NextOwnBody posts a body of its own, merge:false: Earth Search.
	NextOwnBody
	// NextMerge posts a token to be laid over the original body.
	NextMerge
	// NextGet has all of it in the address.
	NextGet
	// NextHeader has the token in a header, with merge.
	NextHeader
)

// PgSTAC is stac-fastapi-pgstac: sort at v1.1.0, string literals that compare as
// text, timestamp literals that are an error, context for counts.
func PgSTAC() Shape {
	return Shape{
		Conforms: []string{
			"https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/collections", "https://api.stacspec.org/v1.0.0/item-search",
			"https://api.stacspec.org/v1.0.0/ogcapi-features", "https://api.stacspec.org/v1.1.0/item-search#sort", "https://api.stacspec.org/v1.0.0-rc.2/item-search#filter",
			"http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2", "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text", "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
		},
		Post: true, Get: true, Next: NextFullBody, Context: true, Text: true,
	}
}

// EarthSearch is stac-server by Element 84.
func EarthSearch() Shape {
	return Shape{
		Conforms: []string{
			"https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search", "https://api.stacspec.org/v1.0.0/item-search#sort",
			"https://api.stacspec.org/v1.0.0/item-search#query", "https://api.stacspec.org/v1.0.0/item-search#fields", "https://api.stacspec.org/v1.0.0/ogcapi-features",
		},
		Post: true, Get: true, Next: NextOwnBody, Matched: true, Context: true, Query: true,
	}
}

// Planetary is Microsoft's Planetary Computer: release candidates, no counts.
func Planetary() Shape {
	return Shape{
		Conforms: []string{
			"https://api.stacspec.org/v1.0.0-rc.2/core", "https://api.stacspec.org/v1.0.0-rc.2/item-search", "https://api.stacspec.org/v1.0.0-rc.2/item-search#sort",
			"https://api.stacspec.org/v1.0.0-rc.2/item-search#filter", "https://api.stacspec.org/v1.0.0-rc.2/item-search#query",
			"https://api.stacspec.org/v1.0.0-rc.2/item-search#filter:cql-json", "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
		},
		Post: true, Get: true, Next: NextFullBody, Timestamp: true, Query: true,
	}
}

// CDSE is the Copernicus Data Space Ecosystem: tokens to be merged, a limit that
// is an error when it is too high.
func CDSE() Shape {
	return Shape{
		Conforms: []string{
			"https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search", "https://api.stacspec.org/v1.0.0/item-search#sort",
			"https://api.stacspec.org/v1.0.0/item-search#filter", "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
		},
		Post: true, Get: true, Next: NextMerge, Timestamp: true, MaxLimit: 1000,
	}
}

// Features has collections with items, and no search.
func Features() Shape {
	return Shape{
		Conforms: []string{"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core", "https://api.stacspec.org/v1.0.0/ogcapi-features"},
		Next:     NextGet, Matched: true,
	}
}

// Package stac finds the items of a STAC API or of a static STAC catalog: the
// source of events that the field of earth observation needs.
//
//	c, err := stac.NewClient(stac.ClientConfig{URL: "https://stac.example.com/v1"})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	q := stac.Query{Collections: []string{"sentinel-2-l2a"}, Datetime: stac.Interval{Start: since}}
//	for item, err := range c.Items(ctx, q) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(item.Href, item.Version())
//	}
//
// # What a server is
//
// [Client.Discover] takes whatever is there, and hands the same pages over in
// each case: the links with rel=search, else the collections' items, else the
// child and item links of a static catalog ([Client.Kind] says which).
// [Client.Sweep] is Discover with a doubt: what an API leaves out without a word
// is asked for again in halves of the time interval.
//
// # Complete, or an error
//
// The iterators end with an error, or everything there was to see has been
// seen. [ErrIncomplete] marks the errors after which the items so far are good,
// and others are missing: a server that stops before the count that it gave
// ([TruncatedError]), nodes of a catalog that could not be read
// ([IncompleteError]), pages that go round in a circle ([LoopError]).
//
// # What is not trusted
//
// What a server sends decides which addresses are asked next. So hosts other
// than the API's own have to be allowed by name ([ClientConfig.AllowHosts]), and
// addresses that are not public by network ([ClientConfig.AllowNetworks]), which
// is checked when a connection is made, after the name was resolved: that
// covers redirects, and names that point elsewhere the second time. Credentials
// go to the API's own origin alone. Bodies (after decompression), depth of JSON,
// pages, redirects and the depth of catalogs are bounded. What is refused is a
// [RefusedError] that says why and what allows it.
//
// Filters are not trusted either: each item is compared with the query's
// collections, time and bounding box, and what a server should not have sent is
// counted in [Page.Stray] and left out.
package stac

// Command stac-water measures lakes: it polls a STAC catalog, works out from the
// pictures of each scene how much water there is, and keeps a table of it.
//
//	go run ./examples/stac-water
//
// needs nothing else: it makes the catalog, serves it on this machine, and has a
// broker inside (--redis URL takes a Redis instead). One of the two workers is
// killed on the way. At the end the table is compared with what the catalog was made
// of; a difference is exit code 1.
//
// README.md says how it works; the files are the stops of the data:
//
//	catalog.go   the catalog, and the truth about it
//	pipeline.go  polling, the processes of the workers, waiting
//	measure.go   the first worker: from an item to an area, published as an event
//	water.go     the area itself: NDWI, and cells on a sphere
//	store.go     the second worker: from the event to a table in Redis
//	report.go    the table, and whether it is true
package main

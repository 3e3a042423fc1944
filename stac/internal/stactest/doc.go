// Package stactest has servers for the tests of stac: a real HTTP server that
// answers as servers in the field do, rebuilt by hand from what they were seen to
// send, and that can be told to misbehave; and static catalogs as files.
package stactest

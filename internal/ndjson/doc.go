// Package ndjson publishes newline-delimited JSON: a line is an event.
//
//	lines := ndjson.NewReader(file, 16<<20)
//	report, err := ndjson.Publish(ctx, p, lines, ndjson.Config{Stream: "orders", Defaults: ndjson.Defaults{Type: "order.placed"}})
//
// A line is either a CloudEvent in the JSON format of CloudEvents 1.0, which it is
// when it has the member "specversion", or any other JSON object, which becomes
// the data of an event, byte for byte. Lines end with LF or CRLF, the last one need
// not; empty lines and a byte order mark are passed over. Lines are counted from 1,
// empty ones included, as editors do.
package ndjson

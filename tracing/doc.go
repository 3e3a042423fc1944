// Package tracing lets traces of OpenTelemetry go through Redis Streams: the context
// of the one who publishes travels in the entry, as the CloudEvents extensions
// traceparent and tracestate (W3C Trace Context).
//
//	p := tracing.NewProducer(plain)                      // a PRODUCER span for each Publish and Send
//	...
//	cfg.Middleware = append(cfg.Middleware, tracing.Consumer(cfg.Group)) // a CONSUMER span for each handling
//
// A handling is a trace of its own that links to what was published, as a stream may be
// worked off days later, by many groups; with [AsParent] it is a part of the
// publisher's trace, so that several stages are one tree, and are sampled together.
//
// Spans are named and described by the semantic conventions for messaging (1.43). The
// package needs the API of OpenTelemetry alone: without an SDK that is set up by the
// program nothing is recorded, and next to nothing is spent.
package tracing

// Package webhook is a handler that passes each delivery on as a CloudEvent over
// HTTP, one POST a delivery, and makes a verdict of the answer.
//
//	sink, err := webhook.New(webhook.Config{URL: "https://ingest.example.com/events"})
//	if err != nil {
//		return err
//	}
//	defer sink.Close()
//	c, err := consumer.New(conn, sink.Handle, consumer.Config{Group: "ingest", Streams: []string{"items"}})
//
// # The request
//
// It follows the HTTP binding of CloudEvents 1.0.2. In binary mode, the default,
// the body is the event's data byte for byte, Content-Type is datacontenttype,
// and every other attribute is a ce- header, percent-encoded as section 3.1.3.2
// asks. In structured mode the body is the event in the JSON format. An entry
// that is no CloudEvent goes out as stream.Delivery.AsEvent makes one of it.
// Beside that each request has
//
//	Leat-Stream:   the stream's key, percent-encoded in the same way
//	Leat-Entry-Id: the entry's ID in that stream
//	Leat-Attempt:  1 plus the failures so far
//
// Delivery is at least once: a receiver that must not do a thing twice remembers
// ce-source and ce-id.
//
// # The verdict
//
//	2xx                      acknowledged; the status alone decides, not the body
//	429, 503                 tried again after Retry-After, where that is given and sane
//	408, 409, 425            tried again by the consumer's backoff
//	any other 4xx            dead letter at once
//	5xx, anything else       tried again
//	3xx                      tried again: redirects are never followed
//	no answer, no connection tried again
//
// The webhook specification of CloudEvents forbids receivers to redirect and
// senders to follow. A redirect says nothing against the event, it says that an
// address is wrong in some configuration, often for a while (a login page, http
// instead of https); so the event waits, and is a dead letter only after
// consumer.Config.MaxAttempts.
//
// # Secrets
//
// Errors name the scheme and host of the URL and nothing else of it: tokens are
// found in paths and queries as well as before the @. Header values of
// Config.Header, the token, the password, path and query are taken out of what
// is quoted from the answer, should the receiver send them back.
package webhook

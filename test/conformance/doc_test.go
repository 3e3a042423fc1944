// Package conformance is one suite of what leat promises, run on every kind of
// server: Redis alone, a cluster, sentinels, TLS with a client certificate and an
// ACL user, the newest Redis and Valkey that are at hand, the users of deploy/acl on
// each of these, and the embedded broker.
package conformance

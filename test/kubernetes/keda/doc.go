// Package keda has the tests that hand the chart's triggers to KEDA's own scalers, against a real Redis and a real Prometheus: how
// many pods there would be, and when there would be none. It is a module of its own, since KEDA takes some ten minutes and six
// gigabytes to build: `make test-keda`.
package keda

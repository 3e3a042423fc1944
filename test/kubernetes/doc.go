// Package kubernetes has the tests of deploy/: the Helm chart, the manifests that are rendered from it, the compose file and
// what goes into the image. It is a module of its own, so that leat does not depend on Kubernetes.
//
// The chart is rendered by the real helm over a matrix of values. Every object is decoded strictly into its Go type of
// Kubernetes, KEDA or the Prometheus operator, so that a misspelt field is an error; what hangs together (selectors, ports,
// volumes, times) is checked; and every command line is given to the real leat. `make chart` runs what takes a minute,
// `make test-kubernetes` all of it, `make test-kubernetes-server` a real kube-apiserver, and `make test-keda` KEDA's own scaler.
package kubernetes

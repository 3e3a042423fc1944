// Command controlplane is etcd, and names kube-apiserver as a tool of this module: both are built from the versions that go.mod
// pins, for a test that applies the chart to a real one (make test-kubernetes-server). It is a module of its own, since
// Kubernetes has to be built with the replacements that its own go.mod has.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }

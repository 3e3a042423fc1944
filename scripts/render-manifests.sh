#!/usr/bin/env bash
# Renders the Helm chart into the plain manifests of deploy/kustomize, or of the folder that is given: what a test does, to see
# that those that are committed are what the chart renders now.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$(realpath -m "${1:-deploy/kustomize}")
mkdir -p "$out"/{base,components/{keda,monitoring,network-policy}}

# The helm that test/kubernetes/go.mod pins.
helm=$(cd test/kubernetes && GOWORK=off go tool -n helm)

# render FILE [ARG...] writes what helm template prints. What says that Helm manages it is not true here: kubectl does.
render() {
  local file=$1
  shift
  {
    echo "# Rendered from deploy/helm/leat by scripts/render-manifests.sh: change the chart or an overlay, not this file."
    "$helm" template leat deploy/helm/leat --kube-version v1.36.0 --values deploy/kustomize/values.yaml "$@" |
      grep -v -e '^# Source: ' -e '^ *helm.sh/chart: ' -e '^ *app.kubernetes.io/managed-by: ' -e '^ *namespace: default$'
  } >"$out/$file"
}

render base/leat.yaml
render components/keda/leat.yaml --set workers.worker.keda.enabled=true --show-only templates/scaledobject.yaml
render components/monitoring/leat.yaml --set monitoring.podMonitor.enabled=true --show-only templates/monitoring.yaml
render components/network-policy/leat.yaml --set networkPolicy.enabled=true --show-only templates/networkpolicy.yaml

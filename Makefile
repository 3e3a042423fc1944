# leat: `make` or `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# The steps of `make test` are in an order on purpose: the quick and telling ones first. -j must not mix them.
.NOTPARALLEL:

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)

# What test, cover and unit work on: make unit PKG=./stream/... ARGS='-run TestPing -v'
PKG  ?= ./...
ARGS ?=
# As many packages at once as there are cores (Go's own default), and in each this many tests: they wait for servers of their
# own more than they compute. A package that hangs says where after TIMEOUT.
TEST_PARALLEL ?= 4
TIMEOUT       ?= 8m
# -shuffle also keeps Go from answering out of its cache, which knows nothing of the redis-server outside.
TEST_FLAGS = -race -vet=off -shuffle=on -parallel=$(TEST_PARALLEL) -timeout=$(TIMEOUT)

# The tools are built from the sources that tools/go.mod pins; the first time takes a minute or two, then they are cached.
TOOL = GOWORK=off go tool -modfile=tools/go.mod

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## publish, work off, kill a worker and lose nothing: leat demo (ARGS='--workers 5')
	go run ./cmd/leat demo $(ARGS)

.PHONY: build
build: check-go ## build the static binary ./bin/leat
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(REVISION)" -o bin/leat ./cmd/leat

.PHONY: test
test: deps servers vet lint vuln sbom reproducible bench-test unit histories ## everything: install what is missing, vet, lint, govulncheck, the release binary's parts and bytes, the benchmarks' own tests, all tests with -race, 10,000 simulated histories

.PHONY: deps
deps: check-go ## install redis-server, nginx, prometheus and a C compiler where they are missing
	@scripts/install-cc.sh
	@scripts/install-redis.sh
	@scripts/install-nginx.sh
	@scripts/install-prometheus.sh

.PHONY: servers
servers: ## fetch newer Redis and Valkey servers for the tests, where Debian's mirrors can be reached
	@scripts/fetch-redis.sh

.PHONY: check-go
check-go:
	@scripts/check-go.sh

.PHONY: vet
vet: ## go vet
	go vet ./...

# The other modules whose code is linted. They are run by who develops leat, on a machine of his own, and nobody imports them:
# gosec, which is about what strangers can do, and the rule against replace have nothing to say there.
LINTED    = bench deploy/dashboards
NOT_THERE = --disable gosec,gomoddirectives

.PHONY: lint
lint: ## golangci-lint: mistakes, style and who may import whom (.golangci.yml), in the modules beside the main one as well
	$(TOOL) golangci-lint run
	@for module in $(LINTED); do \
		echo "golangci-lint in $$module"; \
		(cd $$module && GOWORK=off go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run --config $(CURDIR)/.golangci.yml $(NOT_THERE)); \
	done

.PHONY: fmt
fmt: ## format the sources as lint wants them
	$(TOOL) golangci-lint fmt

.PHONY: vuln
vuln: ## govulncheck, where its database can be reached (VULNDB=file:///... for a copy)
	@scripts/vuln.sh

.PHONY: sbom
sbom: build ## what is in the release binary, with versions, hashes and licences (CycloneDX): dist/leat.cdx.json
	@scripts/sbom.sh '$(VERSION)'

.PHONY: reproducible
reproducible: check-go ## build the release binary twice, in two places and with two caches, and compare
	@scripts/reproducible.sh '$(VERSION)' '$(REVISION)'

.PHONY: unit
unit: deps ## the tests alone (PKG=./stream/... ARGS='-run TestPing')
	CGO_ENABLED=1 $(TOOL) gotestsum --format=pkgname --format-icons=text --format-hide-empty-pkg -- $(TEST_FLAGS) $(ARGS) $(PKG)

.PHONY: histories
histories: check-go ## 10,000 simulated histories, without the race detector (HISTORIES=100000)
	go test ./internal/simulate -count=1 -timeout 2h -simulate.seeds $(or $(HISTORIES),10000)

.PHONY: cover
cover: deps ## the tests with coverage: coverage.html
	CGO_ENABLED=1 go test $(TEST_FLAGS) -coverpkg=./... -coverprofile=coverage.out $(ARGS) $(PKG)
	go tool cover -html=coverage.out -o coverage.html
	@go tool cover -func=coverage.out | tail -n 1

.PHONY: fuzz
fuzz: check-go ## every fuzz function for a while (FUZZTIME=10s each)
	@scripts/fuzz.sh

# What `make microbench` and `make profile` run: make profile PKG=./stream BENCH=DecodeRead
BENCH ?= .
COUNT ?= 10

.PHONY: bench
bench: deps ## leat, its peers and the bare protocol side by side: docs/benchmarks/ (10 minutes; ARGS='-rounds 3')
	cd bench && go run . -out ../docs/benchmarks $(ARGS)

.PHONY: bench-quick
bench-quick: deps ## the same in a minute, to see that it runs: bench/quick/
	cd bench && go run . -quick -out quick $(ARGS)

.PHONY: bench-test
bench-test: deps ## vet and the tests of bench/, which is a module of its own (a few minutes the first time: it builds the peers)
	cd bench && go vet ./... && go test -count=1 ./...

.PHONY: microbench
microbench: deps ## Go benchmarks, ten times, for benchstat: make microbench > new.txt; make compare
	@go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) $(if $(filter ./...,$(PKG)),./stream ./producer ./consumer,$(PKG))

.PHONY: compare
compare: ## what two runs of microbench differ in: OLD=old.txt NEW=new.txt
	@$(TOOL) benchstat $(or $(OLD),old.txt) $(or $(NEW),new.txt)

.PHONY: profile
profile: deps ## CPU profile of a benchmark, the top of it: PKG=./consumer BENCH=Backlog
	go test -run '^$$' -bench '$(BENCH)' -cpuprofile cpu.out -memprofile mem.out -o profile.test $(if $(filter ./...,$(PKG)),./consumer,$(PKG))
	go tool pprof -top -nodecount 40 profile.test cpu.out

# Everything that is started, killed and cut off below is a child of the command: nothing else on the machine is touched.
.PHONY: faults
faults: deps ## real processes under every fault, ten minutes (ARGS='-for 1h -scenarios kill,power')
	@scripts/install-network.sh
	go run ./test/faults/cmd/faults run $(if $(ARGS),$(ARGS),-for 10m) -results faults-results

.PHONY: soak
soak: deps ## the same and simulated histories for hours; goes on where it ended (SOAK=4h)
	@scripts/install-network.sh
	go build -o bin/faults ./test/faults/cmd/faults
	go test -c -o bin/simulate.test ./internal/simulate
	bin/simulate.test -test.run '^TestSeeds$$' -test.timeout 0 -simulate.seeds 1000000000 -simulate.for $(SOAK) -simulate.result soak-simulation.json & \
	bin/faults soak -for $(SOAK) -results soak-results; wait

SOAK ?= 4h

.PHONY: agree
agree: deps servers ## random operations on the model of Redis and on every redis-server at hand (OPERATIONS=1000000)
	go test ./internal/agree -count=1 -timeout 2h -agree.operations $(or $(OPERATIONS),1000000) -agree.report $(CURDIR)/docs/reliability/agree.json

.PHONY: mutations
mutations: deps ## take each mechanism out and see that it is noticed (an hour; ARGS='-only fence')
	go run ./test/mutations $(ARGS)

# test/kubernetes is a module of its own: leat does not depend on Kubernetes.
.PHONY: chart
chart: check-go ## the Helm chart, the manifests and the compose file: rendered, decoded strictly, given to leat (a minute; ARGS='-run TestMatrix')
	cd test/kubernetes && GOWORK=off go vet ./... && GOWORK=off go test -count=1 -timeout=$(TIMEOUT) -skip '^TestImageIsSmall$$' $(ARGS) .

.PHONY: test-kubernetes
test-kubernetes: deps chart ## chart, the compose file's Prometheus, and the size of the image's contents
	promtool check config --syntax-only deploy/compose/prometheus.yml
	cd test/kubernetes && GOWORK=off go test -count=1 -timeout=$(TIMEOUT) -run '^TestImageIsSmall$$' .

.PHONY: test-kubernetes-server
test-kubernetes-server: check-go ## apply every render of the chart to a real kube-apiserver with etcd (builds both first: ten minutes, 3 GB)
	cd test/kubernetes/controlplane && GOWORK=off go build -o ../../../bin/etcd . && GOWORK=off go build -o ../../../bin/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
	cd test/kubernetes && GOWORK=off go test -tags controlplane -run 'TestServer$$' -count=1 -timeout 20m -v .

.PHONY: test-keda
test-keda: deps ## KEDA's own scalers with the chart's triggers, against Redis and Prometheus (builds KEDA first: ten minutes, 6 GB)
	cd test/kubernetes/keda && GOWORK=off go test -count=1 -timeout 30m ./...

# deploy/dashboards is a module of its own: leat depends neither on Grafana nor on Prometheus' parser.
.PHONY: dashboards
dashboards: check-go ## write the Grafana dashboards into deploy/grafana and the chart
	cd deploy/dashboards && GOWORK=off go run .

.PHONY: dashboards-check
dashboards-check: check-go ## the Grafana dashboards: their shape, their queries, and that the files are what is generated
	cd deploy/dashboards && GOWORK=off go vet . && GOWORK=off go test -count=1 .

.PHONY: rules
rules: ## copy the rules of deploy/prometheus into the chart, which can read no other folder
	@mkdir -p deploy/helm/leat/rules && rm -f deploy/helm/leat/rules/*.yaml
	cp deploy/prometheus/*.yaml deploy/helm/leat/rules/

.PHONY: test-alerts
test-alerts: deps ## make the fault of every alert, and see it fire and clear in a real Prometheus (three minutes)
	LEAT_TEST_ALERTS=1 go test ./test/monitoring/rules -count=1 -timeout 10m

.PHONY: test-stac
test-stac: deps ## leat stac poll against a real STAC API (stac-fastapi with pgSTAC): 10,000 items, ten kills, cut lines (half an hour; installs PostgreSQL and a Python environment)
	@scripts/install-stac.sh
	go test ./test/stacserver -count=1 -timeout 3h -v -stac.run -stac.items 10000 -stac.kills 10 $(ARGS)

.PHONY: manifests
manifests: check-go ## render the Helm chart into deploy/kustomize
	scripts/render-manifests.sh

.PHONY: image
image: ## build the container image leat:VERSION with docker, podman or buildah
	@for builder in docker podman buildah; do \
		if $$builder info >/dev/null 2>&1; then \
			set -x; exec $$builder build --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) --tag leat:$(VERSION) .; \
		fi; \
	done; echo "none of docker, podman and buildah is here and answers" >&2; exit 1

.PHONY: tools
tools: check-go ## build the pinned tools, so that the first lint is quick
	$(TOOL) golangci-lint version
	$(TOOL) govulncheck -version
	$(TOOL) gotestsum --version
	$(TOOL) -n github.com/Shopify/toxiproxy/v2/cmd/server >/dev/null

.PHONY: clean
clean: ## remove what the targets above have made
	rm -rf bin dist coverage.out coverage.html cpu.out mem.out profile.test bench/quick faults-results

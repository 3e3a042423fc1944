# leat: one static binary in an empty image.
#
#   docker build --build-arg VERSION=v1.2.3 --build-arg REVISION=$(git rev-parse HEAD) -t leat .
#   docker run --rm --read-only leat --version
#
# There is no shell and nothing else in it. For `leat worker --command`, put the binary beside your program:
#   COPY --from=leat /leat /usr/local/bin/leat

ARG GO_VERSION=1.26

# Built on the builder's own platform, for the one that is asked for: Go needs no emulator to cross-compile.
FROM --platform=${BUILDPLATFORM} golang:${GO_VERSION} AS build
WORKDIR /src
# The dependencies change rarely: a layer of their own.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Both are set by the builder (docker build --platform linux/arm64).
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ARG REVISION=unknown
# The same source, version and Go give the same bytes: no paths, no repository state and no time go in.
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${REVISION}" -o /out/leat ./cmd/leat

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="leat" \
      org.opencontainers.image.description="Redis Streams as a work queue that loses nothing" \
      org.opencontainers.image.source="https://github.com/leat-io/leat" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The roots for rediss:// and https:// webhooks.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE /LICENSE
COPY --from=build /out/leat /leat
# A number, since Kubernetes checks runAsNonRoot by number.
USER 65532:65532
ENTRYPOINT ["/leat"]

# A static binary on an empty file system: no shell, no packages, no user but 65532. BuildKit builds it (Docker 23 and
# later; before, DOCKER_BUILDKIT=1).
# The version is that of go.mod's toolchain; a test holds the two together. Tags can be moved, digests can't: pin the image
# that your registry has by adding one, golang:1.26.10-bookworm@sha256:…, as printed by
#   docker buildx imagetools inspect golang:1.26.10-bookworm
ARG GO_IMAGE=golang:1.26.10-bookworm

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
# The compiler's cache stays with the builder: after a change of the source only that is compiled, and not SQLite again.
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w" -o /image/usr/local/bin/svc-users ./cmd/svc-users
# The rest of the file system, made here because there is no shell there: certificates for TLS to PostgreSQL, a place
# for temporary files, a data folder of the user's own, whose mode and owner a new volume takes over, and the licences.
RUN install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt && \
    install -d -m 1777 /image/tmp && \
    install -d -m 0700 -o 65532 -g 65532 /image/data && \
    install -D -m 0644 -t /image/usr/share/doc/svc-users LICENSE NOTICE

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="svc-users" \
      org.opencontainers.image.description="Accounts, roles, permissions and the tokens that carry them" \
      org.opencontainers.image.source="https://github.com/svc-users/svc-users" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /image /
# Inside a container every address is its own; what is reachable is decided by what is published.
ENV PATH=/usr/local/bin HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
USER 65532:65532
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["svc-users", "healthcheck"]
ENTRYPOINT ["svc-users"]
CMD ["serve"]

#!/bin/sh
# Builds MinIO from its Go module into the cache, once; tests that need S3 wait for the lock. Without Go: does nothing.
set -eu
cache=${XDG_CACHE_HOME:-$HOME/.cache}/digitizer
mkdir -p "$cache/bin"
[ ! -x "$cache/bin/minio" ] || exit 0
command -v go >/dev/null || { echo "No Go here: MinIO is not built, the tests use another S3 server." >&2; exit 0; }
# one builder at a time; the kernel lets go of a killed one's lock
exec 9>"$cache/minio.lock"
flock -n 9 || exit 0
[ ! -x "$cache/bin/minio" ] || exit 0
GOBIN="$cache/bin" nice -n 10 go install github.com/minio/minio@latest >"$cache/minio.log" 2>&1 ||
  echo "MinIO could not be built, see $cache/minio.log" >&2

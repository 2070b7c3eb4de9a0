#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Generates the Go code of the protos. The optional argument is the output root, by default this
# repository.
set -euo pipefail
cd "$(dirname "$0")/.."
module=client_stubs/go
out="${1:-.}/$module"
python="${PYTHON:-python}"
plugins="$PWD/build/bin"

GOBIN="$plugins" go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN="$plugins" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2

mkdir -p "$out/longtake"
rm -rf "$out/longtake/v1"
PATH="$plugins:$PATH" "$python" -m grpc_tools.protoc -Iprotos -Ithird_party/protos \
    --go_out="$out" --go_opt=module=longtake.dev/client \
    --go-grpc_out="$out" --go-grpc_opt=module=longtake.dev/client \
    protos/longtake/v1/*.proto
# A Go package can embed only files of its own module.
cp client_stubs/service_config.json "$out/longtake/service_config.json"

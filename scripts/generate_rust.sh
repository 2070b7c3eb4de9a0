#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Generates the Rust code of the protos. The optional argument is the output root, by default this
# repository. The generator is a separate crate; Cargo.lock pins its dependencies.
set -euo pipefail
cd "$(dirname "$0")/.."
out="$(mkdir -p "${1:-.}" && cd "${1:-.}" && pwd)/client_stubs/rust/src/gen"
buf="${BUF:-buf}"
descriptors="$(mktemp)"
trap 'rm -f "$descriptors"' EXIT

"$buf" build --as-file-descriptor-set --output "$descriptors#format=binpb" \
    --path protos/longtake/v1 --path third_party/protos/google/rpc
rm -rf "$out"
mkdir -p "$out"
(cd client_stubs/rust && cargo run --quiet --locked -j1 -p longtake-generator -- "$descriptors" "$out")
cp client_stubs/service_config.json "$out/service_config.json"

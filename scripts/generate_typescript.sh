#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Generates the TypeScript code of the protos. The optional argument is the output root, by default
# this repository. package-lock.json pins the plugins.
set -euo pipefail
cd "$(dirname "$0")/.."
package=client_stubs/typescript
out="${1:-.}/$package"
buf="${BUF:-buf}"

if [ ! -x "$package/node_modules/.bin/protoc-gen-es" ]; then
    (cd "$package" && npm ci --ignore-scripts --no-audit --no-fund)
fi
rm -rf "$out/src/gen"
mkdir -p "$out/src/gen"
"$buf" generate --template "$package/buf.gen.yaml" --output "$out" --path protos/longtake/v1 \
    --path third_party/protos/google/rpc
"$buf" generate --template "$package/buf.gen.yaml" --output "$out" \
    "$package/node_modules/grpc-health-check/proto"

# Node, browsers and bundlers load JSON modules differently, so the file is TypeScript.
{
    echo '// Generated from client_stubs/service_config.json by scripts/generate_typescript.sh.'
    echo '/* eslint-disable */'
    printf 'export const serviceConfig = '
    sed -e '$s/$/ as const;/' client_stubs/service_config.json
} >"$out/src/gen/service_config.ts"

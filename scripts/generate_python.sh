#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Generates the Python code of the protos. The optional argument is the output root, by default this
# repository.
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:-.}"
python="${PYTHON:-python}"
mkdir -p "$out/client_stubs/python" "$out/server"

"$python" -m grpc_tools.protoc -Iprotos -Ithird_party/protos \
    --python_out="$out/client_stubs/python" --pyi_out="$out/client_stubs/python" \
    --grpc_python_out="$out/client_stubs/python" \
    --plugin=protoc-gen-mypy_grpc="$(dirname "$(command -v "$python")")/protoc-gen-mypy_grpc" \
    --mypy_grpc_out="$out/client_stubs/python" \
    protos/longtake/v1/*.proto
# Only files named *_service.proto have a service, so the other stub files are empty.
find "$out/client_stubs/python/longtake/v1" -name '*_pb2_grpc.py*' ! -name '*_service_pb2_grpc.py*' -delete

# The stored record is private, so its Python code is in the server's package.
"$python" -m grpc_tools.protoc -Iprotos -Ithird_party/protos \
    -Ilongtake_server/storage/v1=protos/longtake/storage/v1 \
    --python_out="$out/server" --pyi_out="$out/server" \
    longtake_server/storage/v1/record.proto

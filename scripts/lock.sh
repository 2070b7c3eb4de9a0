#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Writes the lock files: exact versions with hashes, and without the address of any index.
# Further arguments go to uv, for example --upgrade, or --upgrade-package grpcio.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${UV:-uv}"
unset PIP_FIND_LINKS UV_FIND_LINKS

compile() {
    local file="$1"
    shift
    "$uv" pip compile "$@" --quiet --output-file "$file" \
        --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --no-emit-package longtake >/dev/null
}

# Both distributions, their build and every check.
compile requirements.lock pyproject.toml client_stubs/python/pyproject.toml --group dev "$@"
# Parts of it for the container image: what builds the distributions, and what the server runs on.
compile requirements-build.lock --group build --constraint requirements.lock
compile requirements-server.lock pyproject.toml client_stubs/python/pyproject.toml \
    --constraint requirements.lock
# An older SDK of Google's, in an environment of its own, as a client of the simulator.
compile tests/sdk/google-genai-2.19.0.lock - "$@" <<<"google-genai==2.19.0"
# The peers of the benchmarks, in an environment of their own: the LiteLLM proxy and Google's SDK.
compile benchmarks/peers.lock - "$@" <<<"litellm[proxy]==1.108.7
google-genai==3.4.0"

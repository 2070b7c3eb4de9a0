#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Writes the lock files: exact versions with hashes, without the address of a package index.
# Passes its arguments to uv, for example --upgrade or --upgrade-package grpcio.
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

# For development: both distributions, their build and all checks.
compile requirements.lock pyproject.toml client_stubs/python/pyproject.toml --group dev \
    --extra postgres "$@"
# For the container image: a part that builds the distributions, and a part that the server needs.
compile requirements-build.lock --group build --constraint requirements.lock
compile requirements-server.lock pyproject.toml client_stubs/python/pyproject.toml \
    --extra postgres --constraint requirements.lock
# For the tests of Google's wire: other versions of Google's SDK, in separate environments.
compile tests/sdk/google-genai-2.19.0.lock - "$@" <<<"google-genai==2.19.0"
compile tests/sdk/google-genai-3.6.1.lock - "$@" <<<"google-genai[aiohttp]==3.6.1"
# For the tests of agents: the adapter of LangChain, on the older SDK of the protocol.
compile tests/agents/langchain-mcp-adapters-0.3.2.lock - "$@" <<<"langchain-mcp-adapters==0.3.2"
# For the benchmarks: the LiteLLM proxy and Google's SDK, in a separate environment.
compile benchmarks/peers.lock - "$@" <<<"litellm[proxy]==1.108.7
google-genai==3.4.0"

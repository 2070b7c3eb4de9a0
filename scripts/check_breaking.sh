#!/usr/bin/env bash
# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Fails if the protos break callers of an earlier commit: HEAD, its parent, the main branch or the
# latest release. Prints and skips those that a shallow clone or a new repository does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
buf="${BUF:-buf}"

if ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    echo "buf breaking: skipped, there is no git history"
    exit 0
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
compared=""

compare() {
    local name="$1" commit
    if ! commit="$(git rev-parse --quiet --verify "$name^{commit}" 2>/dev/null)"; then
        echo "buf breaking: $name skipped, this clone does not have it"
        return
    fi
    case "$compared" in *"$commit"*) return ;; esac
    compared="$compared $commit"
    if ! git cat-file -e "$commit:protos" 2>/dev/null || ! git cat-file -e "$commit:buf.yaml" 2>/dev/null; then
        echo "buf breaking: $name skipped, it has no protos"
        return
    fi
    mkdir "$work/$commit"
    git archive "$commit" buf.yaml protos third_party/protos | tar -x -C "$work/$commit"
    "$buf" breaking --against "$work/$commit"
    echo "buf breaking: no breaking change since $name ($(git rev-parse --short "$commit"))"
}

compare HEAD
compare HEAD~1
if git show-ref --quiet --verify refs/remotes/origin/main; then
    compare origin/main
else
    compare main
fi
tag="$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)"
if [ -n "$tag" ]; then
    compare "$tag"
fi

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The client of Longtake, a gRPC service for generated video. It adds request ids, retries,
 * resumption and decoded errors to the generated code of {@code dev.longtake.v1}.
 */
package dev.longtake.client;

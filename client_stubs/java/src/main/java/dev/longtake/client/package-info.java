// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The client of Longtake, a gRPC service for generated video: what every caller needs besides
 * the generated code of {@code dev.longtake.v1}.
 */
package dev.longtake.client;

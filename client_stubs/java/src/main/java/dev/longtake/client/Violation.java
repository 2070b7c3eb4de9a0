// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

/**
 * A field of a request that is wrong.
 *
 * @param field its path, for example {@code config.duration_seconds}
 * @param description what is wrong and what is accepted
 */
public record Violation(String field, String description) {}

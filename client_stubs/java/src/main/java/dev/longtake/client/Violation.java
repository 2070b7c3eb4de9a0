// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

/**
 * An invalid field of a request.
 *
 * @param field the path of the field, for example {@code config.duration_seconds}
 * @param description what is wrong and what is accepted
 */
public record Violation(String field, String description) {}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

/**
 * A video whose bytes have all arrived.
 *
 * @param sizeBytes its size
 * @param sha256 64 lower-case hexadecimal digits
 * @param mimeType its media type, for example {@code video/mp4}
 */
public record DownloadedVideo(long sizeBytes, String sha256, String mimeType) {}

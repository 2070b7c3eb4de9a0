// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

/**
 * A completely downloaded video.
 *
 * @param sizeBytes the size in bytes
 * @param sha256 the digest as 64 lower-case hexadecimal digits
 * @param mimeType the media type, for example {@code video/mp4}
 */
public record DownloadedVideo(long sizeBytes, String sha256, String mimeType) {}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import com.google.protobuf.ByteString;
import dev.longtake.v1.DownloadVideoRequest;
import dev.longtake.v1.DownloadVideoResponse;
import dev.longtake.v1.Video;
import dev.longtake.v1.VideoServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;

/** The progress of a download of one video. */
final class Download {
  private final LongtakeClient client;
  private final String name;
  private final OutputStream to;
  private final Backoff backoff;
  private final MessageDigest digest;
  private Video facts = Video.getDefaultInstance();
  private long offset;

  Download(LongtakeClient client, String name, OutputStream to) {
    this.client = client;
    this.name = name;
    this.to = to;
    this.backoff = client.newBackoff();
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }

  static DownloadedVideo toFile(LongtakeClient client, String name, Path path)
      throws IOException {
    Path partial = path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID());
    try {
      DownloadedVideo video;
      try (OutputStream to = Files.newOutputStream(partial)) {
        video = new Download(client, name, to).run();
      }
      Files.move(partial, path, StandardCopyOption.REPLACE_EXISTING);
      return video;
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  DownloadedVideo run() throws IOException {
    while (true) {
      try {
        readStream();
        return verified();
      } catch (StatusRuntimeException error) {
        backoff.pause(error);
      }
    }
  }

  private void readStream() throws IOException {
    DownloadVideoRequest request =
        DownloadVideoRequest.newBuilder().setName(name).setReadOffset(offset).build();
    try (var stream =
        ServerStream.open(client.channel(), VideoServiceGrpc.getDownloadVideoMethod(), request)) {
      DownloadVideoResponse message;
      while ((message = stream.next()) != null) {
        receive(message);
      }
    }
    if (facts.getSizeBytes() > offset) {
      throw Status.UNAVAILABLE
          .withDescription(
              "the download of %s ended after %d of %d bytes"
                  .formatted(name, offset, facts.getSizeBytes()))
          .asRuntimeException();
    }
  }

  private void receive(DownloadVideoResponse message) throws IOException {
    if (message.hasVideo()) {
      facts = message.getVideo();
    }
    ByteString data = message.getChunk().getData();
    if (data.isEmpty()) {
      // Not at every message: a stream may start successfully each time and make no progress.
      return;
    }
    backoff.reset();
    digest.update(data.asReadOnlyByteBuffer());
    offset += data.size();
    data.writeTo(to);
  }

  /** Compares the received bytes with the size and digest that the server reported, if any. */
  private DownloadedVideo verified() {
    String sum = HexFormat.of().formatHex(digest.digest());
    if (facts.hasSizeBytes() && facts.getSizeBytes() != offset) {
      throw corrupted(
          "%s has %d bytes, but %d arrived".formatted(name, facts.getSizeBytes(), offset));
    }
    if (!facts.getSha256().isEmpty() && !facts.getSha256().equals(sum)) {
      throw corrupted(
          "%s: its bytes do not have the SHA-256 %s".formatted(name, facts.getSha256()));
    }
    return new DownloadedVideo(offset, sum, facts.getMimeType());
  }

  private static StatusRuntimeException corrupted(String message) {
    return Status.DATA_LOSS.withDescription(message).asRuntimeException();
  }
}

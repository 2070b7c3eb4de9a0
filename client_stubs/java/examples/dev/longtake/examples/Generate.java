// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.examples;

import dev.longtake.client.DownloadedVideo;
import dev.longtake.client.ErrorDetails;
import dev.longtake.client.LongtakeClient;
import dev.longtake.client.Violation;
import dev.longtake.client.Watch;
import dev.longtake.v1.GenerateVideosOperation;
import dev.longtake.v1.GenerateVideosRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;

/** Generates a video from a prompt: {@code Generate "prompt" out.mp4}. */
public final class Generate {
  private Generate() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 2) {
      System.err.println("usage: Generate \"prompt\" out.mp4");
      System.exit(2);
    }
    boolean done = false;
    try (LongtakeClient client = LongtakeClient.connect()) {
      done = generate(client, arguments[0], Path.of(arguments[1]));
    } catch (StatusRuntimeException error) {
      explain(ErrorDetails.of(error));
    }
    System.exit(done ? 0 : 1);
  }

  private static boolean generate(LongtakeClient client, String prompt, Path path)
      throws IOException {
    GenerateVideosOperation operation =
        client
            .blocking()
            .generateVideos(
                GenerateVideosRequest.newBuilder()
                    .setModel("veo-3.1-fast-generate-001")
                    .setPrompt(prompt)
                    .build());
    System.out.println(operation.getName());
    try (Watch watch = client.watch(operation.getName())) {
      while (watch.hasNext()) {
        operation = watch.next();
        System.out.println(operation.getMetadata().getState());
      }
    }
    if (operation.hasError()) {
      explain(ErrorDetails.of(operation.getError()));
      return false;
    }
    if (operation.getResponse().getGeneratedVideosCount() == 0) {
      System.err.println("the upstream withheld the video");
      return false;
    }
    String name = operation.getResponse().getGeneratedVideos(0).getName();
    DownloadedVideo video = client.download(name, path);
    System.out.printf("%s: %d bytes, SHA-256 %s%n", path, video.sizeBytes(), video.sha256());
    return true;
  }

  private static void explain(ErrorDetails error) {
    System.err.println(error);
    for (Violation violation : error.violations()) {
      System.err.printf("  %s: %s%n", violation.field(), violation.description());
    }
    if (!error.retryDelay().isZero()) {
      System.err.printf("  call again in %s%n", error.retryDelay());
    }
  }
}

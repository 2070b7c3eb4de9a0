// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import static dev.longtake.client.ScriptedServer.chunk;
import static dev.longtake.client.ScriptedServer.facts;
import static dev.longtake.client.ScriptedServer.state;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longtake.client.ScriptedServer.Script;
import dev.longtake.v1.GenerateVideosRequest;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LongtakeClientTest {
  private static final String VIDEO = "operations/1/videos/0";
  // Of "whole video".
  private static final String SHA256 =
      "8684929b4e3c6c4c29249d40c806a589fb48d81d74ec8888900b833b78e6b1d3";

  private ScriptedServer server;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"UNAVAILABLE", "CANCELLED"})
  void aGenerationIsRetriedWithOneRequestId(Status.Code refusal) {
    server.refusal = refusal.toStatus();

    server.client.blocking().generateVideos(GenerateVideosRequest.getDefaultInstance());

    assertEquals(2, server.generated.size());
    String id = server.generated.get(0).getRequestId();
    assertEquals(36, id.length());
    assertEquals(id, server.generated.get(1).getRequestId());
  }

  @Test
  void aWatchResumesAfterTheRevisionThatItHas() {
    server.watches.add(new Script<>(List.of(state(1, false), state(2, false)), Status.UNAVAILABLE));
    server.watches.add(new Script<>(List.of(), Status.CANCELLED));
    server.watches.add(new Script<>(List.of(state(3, false)), Status.OK));
    // The current state, requested again because the stream ended without an error.
    server.watches.add(new Script<>(List.of(state(3, false), state(5, true)), Status.OK));

    List<Long> revisions = new ArrayList<>();
    try (Watch watch = server.client.watch("operations/1")) {
      while (watch.hasNext()) {
        revisions.add(watch.next().getRevision());
      }
      assertEquals(3, watch.reconnects());
    }

    assertEquals(List.of(1L, 2L, 3L, 5L), revisions);
    assertEquals(List.of(0L, 2L, 2L, 0L), server.watchedAfter);
    Duration first = Duration.ofMillis(250);
    assertEquals(List.of(first, first.multipliedBy(2), first), server.waits);
  }

  @Test
  void aWatchWhoseCredentialExpiredResumesOnce() {
    server.watches.add(new Script<>(List.of(state(1, false)), Status.UNAUTHENTICATED));
    server.watches.add(new Script<>(List.of(state(2, false)), Status.UNAUTHENTICATED));
    server.watches.add(new Script<>(List.of(), Status.UNAUTHENTICATED));

    try (Watch watch = server.client.watch("operations/1")) {
      assertEquals(1, watch.next().getRevision());
      assertEquals(2, watch.next().getRevision());
      var error = assertThrows(StatusRuntimeException.class, watch::hasNext);
      assertEquals("CREDENTIAL_EXPIRED", ErrorDetails.of(error).reason());
    }
    assertEquals(List.of(0L, 1L, 2L), server.watchedAfter);
  }

  @Test
  void aWatchGivesUpOnWhatDoesNotPass() {
    server.watches.add(new Script<>(List.of(), Status.NOT_FOUND));

    try (Watch watch = server.client.watch("operations/1")) {
      var error = assertThrows(StatusRuntimeException.class, watch::hasNext);
      assertEquals(Status.Code.NOT_FOUND, ErrorDetails.of(error).code());
    }
  }

  @Test
  void aWatchGivesUpWhenItsAttemptsAreUsedUp() {
    for (int attempt = 0; attempt < 11; attempt++) {
      server.watches.add(new Script<>(List.of(), Status.UNAVAILABLE));
    }

    try (Watch watch = server.client.watch("operations/1")) {
      assertThrows(StatusRuntimeException.class, watch::hasNext);
    }

    assertEquals(10, server.waits.size());
    assertEquals(Duration.ofSeconds(15), server.waits.get(9));
  }

  @Test
  void aWatchWhoseCallerCancelsIsNotResumed() {
    server.watches.add(new Script<>(List.of(state(1, false)), Status.CANCELLED));
    var context = Context.current().withCancellation();

    context.run(
        () -> {
          Watch watch = server.client.watch("operations/1");
          watch.next();
          context.cancel(null);
          assertThrows(StatusRuntimeException.class, watch::hasNext);
        });

    assertEquals(List.of(0L), server.watchedAfter);
    assertEquals(List.of(), server.waits);
  }

  @Test
  void aWatchWhoseThreadIsInterruptedIsNotResumed() {
    server.watches.add(new Script<>(List.of(state(1, false)), Status.CANCELLED));
    try (Watch watch = server.client.watch("operations/1")) {
      watch.next();
      Thread.currentThread().interrupt();
      assertThrows(StatusRuntimeException.class, watch::hasNext);
    } finally {
      assertTrue(Thread.interrupted());
    }

    assertEquals(List.of(0L), server.watchedAfter);
    assertEquals(List.of(), server.waits);
  }

  @Test
  void aWatchThatIsClosedHasNoMore() {
    server.watches.add(new Script<>(List.of(state(1, false)), Status.UNAVAILABLE));
    Watch watch = server.client.watch("operations/1");
    assertTrue(watch.hasNext());
    watch.next();

    watch.close();

    assertFalse(watch.hasNext());
  }

  @Test
  void aDownloadResumesAtTheByteWhereItBroke() throws IOException {
    var whole = facts("whole video", SHA256);
    server.downloads.add(new Script<>(List.of(whole, chunk("whole ")), Status.UNAVAILABLE));
    server.downloads.add(new Script<>(List.of(whole, chunk("vi")), Status.OK));
    server.downloads.add(new Script<>(List.of(whole, chunk("deo")), Status.OK));

    var to = new ByteArrayOutputStream();
    DownloadedVideo video = server.client.download(VIDEO, to);

    assertEquals("whole video", to.toString());
    assertEquals(new DownloadedVideo(11, SHA256, "video/mp4"), video);
    assertEquals(List.of(0L, 6L, 8L), server.downloadedFrom);
  }

  @ParameterizedTest
  @ValueSource(strings = {"whole audio", "whole video!"})
  void aDownloadOfOtherBytesLeavesNoFile(String data, @TempDir Path folder) throws IOException {
    var messages = List.of(facts("whole video", SHA256), chunk(data));
    server.downloads.add(new Script<>(messages, Status.OK));

    var error =
        assertThrows(
            StatusRuntimeException.class,
            () -> server.client.download(VIDEO, folder.resolve("out.mp4")));

    assertEquals(Status.Code.DATA_LOSS, ErrorDetails.of(error).code());
    try (var left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }
}

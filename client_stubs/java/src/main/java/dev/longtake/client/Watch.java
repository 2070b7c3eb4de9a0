// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import dev.longtake.v1.GenerateVideosOperation;
import dev.longtake.v1.VideoServiceGrpc;
import dev.longtake.v1.WatchOperationRequest;
import dev.longtake.v1.WatchOperationResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The states of one operation, from the current one to the end. Resumes if the stream breaks.
 *
 * <p>{@link #hasNext} waits for the next state. It throws {@link StatusRuntimeException} if the
 * watch cannot resume. A failed generation is not an error of the watch: its last state contains
 * the error. Closing ends the watch; the generation continues.
 */
public final class Watch implements Iterator<GenerateVideosOperation>, AutoCloseable {
  private final LongtakeClient client;
  private final String name;
  private final Backoff backoff;
  private long seen;
  private long resumeFrom;
  private int opened;
  private volatile boolean ended;
  private GenerateVideosOperation next;
  private ServerStream<WatchOperationResponse> stream;

  Watch(LongtakeClient client, String name, long afterRevision) {
    this.client = client;
    this.name = name;
    this.backoff = client.newBackoff();
    this.seen = afterRevision;
    this.resumeFrom = afterRevision;
  }

  @Override
  public boolean hasNext() {
    while (next == null && !ended) {
      try {
        receive();
      } catch (StatusRuntimeException error) {
        closeStream();
        // Closing by another thread cancels the call.
        if (!ended) {
          backoff.pause(error);
        }
      }
    }
    if (ended) {
      closeStream();
    }
    return next != null;
  }

  @Override
  public GenerateVideosOperation next() {
    if (!hasNext()) {
      throw new NoSuchElementException(name + " has ended");
    }
    GenerateVideosOperation operation = next;
    next = null;
    return operation;
  }

  /** Returns how often the stream was reopened. */
  public int reconnects() {
    return Math.max(0, opened - 1);
  }

  @Override
  public void close() {
    ended = true;
    closeStream();
  }

  private void receive() {
    if (stream == null) {
      open();
    }
    WatchOperationResponse message = stream.next();
    if (message == null) {
      // Either the caller already has the final state, or a proxy ended the stream without an
      // error. Requesting the current state tells which.
      resumeFrom = 0;
      throw Status.UNAVAILABLE.withDescription("the watch ended before " + name + " did")
          .asRuntimeException();
    }
    backoff.reset();
    if (!message.hasOperation()) {
      return;
    }
    GenerateVideosOperation operation = message.getOperation();
    ended = operation.getDone();
    if (operation.getRevision() > seen) {
      seen = operation.getRevision();
      resumeFrom = seen;
      next = operation;
    }
  }

  private void open() {
    opened++;
    WatchOperationRequest request =
        WatchOperationRequest.newBuilder().setName(name).setAfterRevision(resumeFrom).build();
    stream =
        ServerStream.open(client.channel(), VideoServiceGrpc.getWatchOperationMethod(), request);
  }

  private void closeStream() {
    if (stream != null) {
      stream.close();
    }
    stream = null;
  }
}

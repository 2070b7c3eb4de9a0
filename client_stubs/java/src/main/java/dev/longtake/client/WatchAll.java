// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import dev.longtake.v1.VideoServiceGrpc;
import dev.longtake.v1.WatchOperationsRequest;
import dev.longtake.v1.WatchOperationsResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * The state of every operation that the caller may see, then changes as they happen. Resumes if the
 * stream breaks.
 *
 * <p>{@link #hasNext} waits for the next event. It throws {@link StatusRuntimeException} if the
 * watch cannot resume, and returns false only after {@link #close}.
 */
public final class WatchAll implements Iterator<OperationEvent>, AutoCloseable {
  /** The server no longer keeps the changes since a position, or was restored from a backup. */
  private static final Set<String> POSITION_LOST = Set.of("POSITION_EXPIRED", "REVISION_AHEAD");

  private final LongtakeClient client;
  private final String filter;
  private final Backoff backoff;
  private String position;
  private boolean hasBegun;
  private boolean restarts;
  private boolean complete;
  private int opened;
  private volatile boolean closed;
  private OperationEvent next;
  // The message that follows the event InitialSetRestarted.
  private WatchOperationsResponse held;
  private ServerStream<WatchOperationsResponse> stream;

  WatchAll(LongtakeClient client, String filter, String afterPosition) {
    this.client = client;
    this.filter = filter;
    this.backoff = client.newBackoff();
    this.position = afterPosition;
  }

  @Override
  public boolean hasNext() {
    while (next == null && !closed) {
      try {
        next = eventOf(receive());
      } catch (StatusRuntimeException error) {
        closeStream();
        // Closing by another thread cancels the call.
        if (!closed) {
          broke(error);
        }
      }
    }
    return next != null;
  }

  @Override
  public OperationEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the watch was closed");
    }
    OperationEvent event = next;
    next = null;
    return event;
  }

  /** Returns how often the stream was reopened. */
  public int reconnects() {
    return Math.max(0, opened - 1);
  }

  @Override
  public void close() {
    closed = true;
    closeStream();
  }

  private WatchOperationsResponse receive() {
    if (held != null) {
      WatchOperationsResponse message = held;
      held = null;
      return message;
    }
    if (stream == null) {
      open();
    }
    WatchOperationsResponse message = stream.next();
    if (message == null) {
      throw Status.UNAVAILABLE
          .withDescription("the watch of all operations ended")
          .asRuntimeException();
    }
    return message;
  }

  /** Returns the event of a message, or null if it has none. */
  private OperationEvent eventOf(WatchOperationsResponse message) {
    if (restarts) {
      restarts = false;
      held = message;
      return new OperationEvent.InitialSetRestarted();
    }
    if (message.hasHeartbeat() || !message.getPosition().equals(position)) {
      // Only for progress: a stream that always breaks within the initial set must not be resumed
      // for ever.
      backoff.reset();
    }
    if (!message.getPosition().isEmpty()) {
      position = message.getPosition();
    }
    OperationEvent event =
        switch (message.getEventCase()) {
          case OPERATION ->
              new OperationEvent.Changed(message.getOperation(), message.getPosition());
          case DELETION ->
              new OperationEvent.Deleted(message.getDeletion().getName(), message.getPosition());
          case INITIAL_SET_COMPLETE ->
              complete ? null : new OperationEvent.InitialSetComplete(message.getPosition());
          default -> null;
        };
    complete |= message.hasInitialSetComplete();
    hasBegun |= event != null;
    return event;
  }

  private void open() {
    opened++;
    WatchOperationsRequest request =
        WatchOperationsRequest.newBuilder().setFilter(filter).setAfterPosition(position).build();
    // A stream without a position cannot be resumed, so it gets longer to deliver the initial set.
    long longest = ServerStream.LONGEST_SECONDS * (position.isEmpty() ? 6 : 1);
    stream =
        ServerStream.open(
            client.channel(), VideoServiceGrpc.getWatchOperationsMethod(), request, longest);
  }

  /** Waits until the stream may be reopened, or throws why it may not. */
  private void broke(StatusRuntimeException error) {
    if (!position.isEmpty() && POSITION_LOST.contains(ErrorDetails.of(error).reason())) {
      restart();
      return;
    }
    backoff.pause(error);
    if (position.isEmpty() && hasBegun) {
      restart();
    }
  }

  private void restart() {
    position = "";
    hasBegun = false;
    complete = false;
    restarts = true;
  }

  private void closeStream() {
    if (stream != null) {
      stream.close();
    }
    stream = null;
  }
}

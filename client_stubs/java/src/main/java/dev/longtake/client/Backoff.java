// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/** Counts consecutive failures and waits after each. */
final class Backoff {
  private final Resumption resumption;
  private final Runnable beforeAttempt;
  private int failures;

  Backoff(Resumption resumption, Runnable beforeAttempt) {
    this.resumption = resumption;
    this.beforeAttempt = beforeAttempt;
  }

  /** Resets the count after progress. */
  void reset() {
    failures = 0;
  }

  /**
   * Waits before the next attempt, at least as long as the server asks for. Throws the error if it
   * is not transient, the attempts are used up, the caller's context has ended, or its thread was
   * interrupted.
   */
  void pause(StatusRuntimeException error) {
    ErrorDetails details = ErrorDetails.of(error);
    // Both end a call with CANCELLED, which must not be taken for that of a stopping server.
    boolean ended = Context.current().isCancelled() || Thread.currentThread().isInterrupted();
    if (ended || !(isPassing(details) || isRefreshable(details)) || failures >= resumption.attempts()) {
      throw error;
    }
    double longest =
        resumption.initial().toNanos() * Math.pow(resumption.multiplier(), failures);
    double bounded = Math.min(longest, resumption.max().toNanos());
    long nanos = (long) (bounded * (1 + resumption.jitter().getAsDouble()) / 2);
    failures++;
    try {
      resumption.sleeper().sleep(Duration.ofNanos(nanos).plus(details.retryDelay()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw Status.CANCELLED.withDescription("interrupted").withCause(interrupted)
          .asRuntimeException();
    }
    beforeAttempt.run();
  }

  private boolean isRefreshable(ErrorDetails error) {
    // If the next credential is refused too, another one would be.
    return failures == 0 && error.reason().equals("CREDENTIAL_EXPIRED");
  }

  /** Returns whether a retry of the same call may succeed. */
  private static boolean isPassing(ErrorDetails error) {
    return switch (error.code()) {
      case UNAVAILABLE -> true;
      // Errors of proxies, broken connections and a ServerStream's limit have no reason. Errors of
      // the server do. CANCELLED is what gRPC of a stopping server answers.
      case CANCELLED, INTERNAL, UNKNOWN, DEADLINE_EXCEEDED -> error.reason().isEmpty();
      default -> false;
    };
  }
}

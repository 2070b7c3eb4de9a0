// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * How watches and downloads resume.
 *
 * @param initial the first delay
 * @param multiplier the factor between consecutive delays
 * @param max the longest delay
 * @param attempts the number of consecutive attempts without progress in between
 * @param jitter returns a number from 0 to 1, which shortens a delay by up to half
 * @param sleeper waits
 */
record Resumption(
    Duration initial,
    double multiplier,
    Duration max,
    int attempts,
    DoubleSupplier jitter,
    Sleeper sleeper) {

  /** Gives up after about a minute. */
  static final Resumption DEFAULT =
      new Resumption(
          Duration.ofMillis(250),
          2,
          Duration.ofSeconds(15),
          10,
          () -> ThreadLocalRandom.current().nextDouble(),
          wait -> Thread.sleep(wait.toMillis()));

  /** Sleeps for a duration. */
  interface Sleeper {
    void sleep(Duration wait) throws InterruptedException;
  }
}

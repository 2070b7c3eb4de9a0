// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * How watches and downloads are resumed.
 *
 * @param initial the first wait
 * @param multiplier what each wait is multiplied by for the next
 * @param max the longest wait
 * @param attempts how often in a row, without a message in between
 * @param jitter gives a number from 0 to 1; a wait is shortened to between half and all of it
 * @param sleeper waits
 */
record Resumption(
    Duration initial,
    double multiplier,
    Duration max,
    int attempts,
    DoubleSupplier jitter,
    Sleeper sleeper) {

  /** Tries for about a minute. */
  static final Resumption DEFAULT =
      new Resumption(
          Duration.ofMillis(250),
          2,
          Duration.ofSeconds(15),
          10,
          () -> ThreadLocalRandom.current().nextDouble(),
          wait -> Thread.sleep(wait.toMillis()));

  /** Waits for so long. */
  interface Sleeper {
    void sleep(Duration wait) throws InterruptedException;
  }
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Delays between attempts of a call or a stream, and when to give up. */

import { Code, ConnectError } from "@connectrpc/connect";
import { errorDetails } from "./errors.js";

/** A retry policy. */
export interface RetryPolicy {
  /** The first delay in milliseconds. */
  initialMs: number;
  /** The factor between consecutive delays. */
  multiplier: number;
  /** The longest delay in milliseconds. */
  maxMs: number;
  /** The number of consecutive attempts. */
  attempts: number;
}

/** The policy of watches and downloads: give up after about a minute without a message. */
export const DEFAULT_RESUME: Readonly<RetryPolicy> = {
  initialMs: 250,
  multiplier: 2,
  maxMs: 15_000,
  attempts: 10,
};

/** Counts consecutive failures. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly policy: Readonly<RetryPolicy>,
    private readonly random: () => number = Math.random,
  ) {}

  /** Whether nothing has failed since the last progress. */
  get isFresh(): boolean {
    return this.failures === 0;
  }

  /** Resets the count after progress. */
  reset(): void {
    this.failures = 0;
  }

  /**
   * Returns the delay before the next attempt in milliseconds: between half and all of the policy's
   * delay, plus what the server asks for.
   *
   * @throws the given error once the attempts are used up.
   */
  nextDelayMs(error: ConnectError): number {
    const { initialMs, multiplier, maxMs, attempts } = this.policy;
    if (this.failures >= attempts) throw error;
    const longest = Math.min(maxMs, initialMs * multiplier ** this.failures);
    this.failures += 1;
    return (longest * (1 + this.random())) / 2 + (errorDetails(error).retryDelayMs ?? 0);
  }
}

/** Waits; @throws ConnectError with code Canceled as soon as the signal aborts. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(ConnectError.from(signal?.reason, Code.Canceled));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** How long to wait before a call or a stream is tried again, and when to give up. */

import { Code, ConnectError } from "@connectrpc/connect";
import { errorDetails } from "./errors.js";

/** How something that failed is tried again. */
export interface RetryPolicy {
  /** The first wait in milliseconds. */
  initialMs: number;
  /** What each wait is multiplied by for the next. */
  multiplier: number;
  /** The longest wait in milliseconds. */
  maxMs: number;
  /** How often in a row. */
  attempts: number;
}

/** How watches and downloads are resumed: for about a minute without anything arriving. */
export const DEFAULT_RESUME: Readonly<RetryPolicy> = {
  initialMs: 250,
  multiplier: 2,
  maxMs: 15_000,
  attempts: 10,
};

/** Counts failures in a row. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly policy: Readonly<RetryPolicy>,
    private readonly random: () => number = Math.random,
  ) {}

  /** Begins anew, since something arrived. */
  reset(): void {
    this.failures = 0;
  }

  /**
   * Returns the milliseconds to wait before the next attempt: between half and all of the policy's
   * wait, and what the server asks for.
   *
   * @throws the error given, once the attempts are used up.
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

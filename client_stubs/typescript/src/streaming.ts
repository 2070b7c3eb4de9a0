// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Streams that resume where they broke. */

import { Code, ConnectError } from "@connectrpc/connect";
import { Backoff, DEFAULT_RESUME, type RetryPolicy, sleep } from "./backoff.js";
import { isExpired, isPassing } from "./errors.js";

/** Options of a watch or a download. */
export interface StreamOptions {
  /**
   * Ends it: use `AbortSignal.timeout(60_000)` for a deadline, or an AbortController's signal to
   * cancel.
   */
  signal?: AbortSignal;
  /** How often and after which delays it resumes. Default: for about a minute. */
  resume?: Readonly<RetryPolicy>;
  /** Called with the reason of a break and the delay in milliseconds until it resumes. */
  onResume?: (error: ConnectError, delayMs: number) => void;
}

/** One attempt at a stream, which requests what is still missing. */
export type Attempt<Message> = (call: { signal: AbortSignal }) => AsyncIterable<Message>;

/**
 * The longest duration of one stream before it is resumed, so a stream cannot hang forever. Connect's
 * own timeout would keep running after the caller leaves its loop, and keep the process alive.
 */
export const STREAM_MS = 600_000;

/**
 * Yields the messages of one attempt after another until nothing is missing.
 *
 * @param attempt requests what is still missing.
 * @param missing returns an error if the stream is incomplete at the end of an attempt, whether
 *   or not it failed.
 * @param progressed returns whether a message is progress, which resets the count of failures.
 * @param longestMs returns how long the next attempt may last. Default: STREAM_MS.
 * @throws ConnectError if it cannot resume, or with code Canceled if the caller's signal aborted.
 */
export async function* resumed<Message>(
  attempt: Attempt<Message>,
  missing: (broke: ConnectError | undefined) => ConnectError | undefined,
  progressed: (message: Message) => boolean,
  options: StreamOptions,
  longestMs: () => number = () => STREAM_MS,
): AsyncGenerator<Message, void, undefined> {
  const backoff = new Backoff(options.resume ?? DEFAULT_RESUME);
  for (;;) {
    let broke: ConnectError | undefined;
    const call = new AbortController();
    const old = new ConnectError("the stream is taken up anew", Code.DeadlineExceeded);
    const timer = setTimeout(() => call.abort(old), longestMs());
    const signal = options.signal ? AbortSignal.any([options.signal, call.signal]) : call.signal;
    try {
      for await (const message of attempt({ signal })) {
        if (progressed(message)) backoff.reset();
        yield message;
      }
    } catch (reason) {
      broke = ConnectError.from(reason);
    } finally {
      clearTimeout(timer);
      // Leaving the loop does not end the call.
      call.abort();
    }
    if (options.signal?.aborted) throw ConnectError.from(options.signal.reason, Code.Canceled);
    const error = missing(broke);
    if (error === undefined) return;
    // If the next credential is refused too, another one would be.
    if (!isPassing(error) && !(isExpired(error) && backoff.isFresh)) throw error;
    const delayMs = backoff.nextDelayMs(error);
    options.onResume?.(error, delayMs);
    await sleep(delayMs, options.signal);
  }
}

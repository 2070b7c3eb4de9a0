// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Streams that are taken up again where they broke. */

import { Code, ConnectError } from "@connectrpc/connect";
import { Backoff, DEFAULT_RESUME, type RetryPolicy, sleep } from "./backoff.js";
import { isPassing } from "./errors.js";

/** How a watch or a download runs. */
export interface StreamOptions {
  /** Ends it: `AbortSignal.timeout(60_000)` is a deadline, an AbortController's a cancellation. */
  signal?: AbortSignal;
  /** How often and after what waits it is resumed. Default: for about a minute. */
  resume?: Readonly<RetryPolicy>;
  /** Is told why it broke and in how many milliseconds it is resumed. */
  onResume?: (error: ConnectError, delayMs: number) => void;
}

/** One attempt at a stream: what is still missing, asked for anew. */
export type Attempt<Message> = (call: { signal: AbortSignal }) => AsyncIterable<Message>;

// The longest that one stream lasts before it is resumed, so that none hangs for ever. Connect's
// own timeout would go on counting, and keep a process alive, after a loop that is left.
const STREAM_MS = 600_000;

/**
 * Yields the messages of one attempt after another until nothing is missing.
 *
 * @param attempt asks for what is still missing.
 * @param missing returns why the end of an attempt, by an error or without, is not the end of all.
 * @param progressed says of a message whether failures are counted anew after it.
 * @throws ConnectError what cannot be resumed, or code Canceled when the caller's signal aborted.
 */
export async function* resumed<Message>(
  attempt: Attempt<Message>,
  missing: (broke: ConnectError | undefined) => ConnectError | undefined,
  progressed: (message: Message) => boolean,
  options: StreamOptions,
): AsyncGenerator<Message, void, undefined> {
  const backoff = new Backoff(options.resume ?? DEFAULT_RESUME);
  for (;;) {
    let broke: ConnectError | undefined;
    const call = new AbortController();
    const old = new ConnectError("the stream is taken up anew", Code.DeadlineExceeded);
    const timer = setTimeout(() => call.abort(old), STREAM_MS);
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
      // A loop that is left does not end the call by itself.
      call.abort();
    }
    if (options.signal?.aborted) throw ConnectError.from(options.signal.reason, Code.Canceled);
    const error = missing(broke);
    if (error === undefined) return;
    if (!isPassing(error)) throw error;
    const delayMs = backoff.nextDelayMs(error);
    options.onResume?.(error, delayMs);
    await sleep(delayMs, options.signal);
  }
}

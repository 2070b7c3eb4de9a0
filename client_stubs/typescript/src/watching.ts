// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Watches an operation to its end. Resumes after broken connections and restarts of the server. */

import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { GenerateVideosOperation } from "./gen/longtake/v1/operation_pb.js";
import type { VideoService } from "./gen/longtake/v1/video_service_pb.js";
import { type StreamOptions, resumed } from "./streaming.js";

/** Options of a watch. */
export interface WatchOptions extends StreamOptions {
  /**
   * The revision that the caller has; only newer states are yielded. Default: 0, which yields the
   * current state at once.
   */
  afterRevision?: bigint;
}

/**
 * Yields the current state of an operation and every change until its end. Revisions strictly
 * increase. Intermediate states may be skipped, the final one never.
 *
 * @throws ConnectError if it cannot resume, or with code Canceled if the caller's signal aborted.
 */
export async function* watchOperation(
  service: Client<typeof VideoService>,
  name: string,
  options: WatchOptions = {},
): AsyncGenerator<GenerateVideosOperation, void, undefined> {
  let seen = options.afterRevision ?? 0n;
  let afterRevision = seen;
  let ended = false;
  const messages = resumed(
    (call) => service.watchOperation({ name, afterRevision }, call),
    (broke) => {
      if (ended) return undefined;
      if (broke !== undefined) return broke;
      // Either the caller already has the final state, or a proxy ended the stream without an
      // error. Requesting the current state tells which.
      afterRevision = 0n;
      return new ConnectError(`the watch ended before ${name} did`, Code.Unavailable);
    },
    () => true,
    options,
  );
  for await (const { event } of messages) {
    if (event.case !== "operation") continue;
    ended = event.value.done;
    if (event.value.revision <= seen) continue;
    seen = afterRevision = event.value.revision;
    yield event.value;
  }
}

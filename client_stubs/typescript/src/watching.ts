// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Watches one operation to its end, over broken connections and restarts of the server. */

import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { GenerateVideosOperation } from "./gen/longtake/v1/operation_pb.js";
import type { VideoService } from "./gen/longtake/v1/video_service_pb.js";
import { type StreamOptions, resumed } from "./streaming.js";

/** How a watch runs. */
export interface WatchOptions extends StreamOptions {
  /** The revision that the caller has; only newer states come. Default: 0, the current state comes at once. */
  afterRevision?: bigint;
}

/**
 * Yields the state of an operation now and after each change, until it has ended. Revisions grow
 * strictly; states that follow fast may be skipped, the last one never.
 *
 * @throws ConnectError what cannot be resumed, or code Canceled when the caller's signal aborted.
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
      // Either the caller has the last state already or something cut the stream politely.
      // The current state, asked for anew, tells which.
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

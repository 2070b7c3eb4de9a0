// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The client: the service's calls, and what goes on over several of them. */

import { type Client, type Transport, createClient } from "@connectrpc/connect";
import type { GeneratedVideo } from "./gen/longtake/v1/generation_pb.js";
import type { GenerateVideosOperation } from "./gen/longtake/v1/operation_pb.js";
import { VideoService } from "./gen/longtake/v1/video_service_pb.js";
import { type Downloaded, type Sha256, videoBytes } from "./downloading.js";
import type { StreamOptions } from "./streaming.js";
import { type WatchOptions, watchOperation } from "./watching.js";

/** Calls a Longtake server. Its subclasses know how to hash and where to put bytes. */
export abstract class LongtakeClient {
  /** Every call of the contract, as Connect makes it. GenerateVideos gets a request_id by itself. */
  readonly service: Client<typeof VideoService>;

  constructor(transport: Transport) {
    this.service = createClient(VideoService, transport);
  }

  /**
   * Yields the state of an operation now and after each change, until it has ended. A watch that
   * breaks is resumed after the last state that was seen.
   *
   * @param operation an operation, or its name, `operations/{id}`.
   * @throws ConnectError what cannot be resumed, or code Canceled when the signal aborted.
   */
  watch(operation: Named | string, options?: WatchOptions): AsyncGenerator<GenerateVideosOperation, void, undefined> {
    return watchOperation(this.service, nameOf(operation), options);
  }

  /** Returns an operation once it has ended, also when it failed. Throws as `watch`. */
  async wait(operation: Named | string, options?: WatchOptions): Promise<GenerateVideosOperation> {
    let last: GenerateVideosOperation | undefined;
    for await (last of this.watch(operation, { ...options, afterRevision: 0n }));
    if (last === undefined) throw new Error("a watch ends with an operation that is done");
    return last;
  }

  /**
   * Yields the bytes of a video in order, resuming where the stream breaks, and returns their size
   * and SHA-256, which have been compared with what the server told.
   *
   * @param video a generated video, or its name, `operations/{id}/videos/{index}`.
   * @throws ConnectError what cannot be resumed; code DataLoss when they differ from what was stored.
   */
  read(
    video: GeneratedVideo | string,
    options?: StreamOptions,
  ): AsyncGenerator<Uint8Array, Downloaded, undefined> {
    return videoBytes(this.service, video, this.sha256(), options);
  }

  protected abstract sha256(): Sha256;
}

interface Named {
  name: string;
}

function nameOf(operation: Named | string): string {
  return typeof operation === "string" ? operation : operation.name;
}

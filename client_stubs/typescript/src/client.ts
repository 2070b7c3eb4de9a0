// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The client: the service's calls, and methods that combine several of them. */

import { type Client, type Transport, createClient } from "@connectrpc/connect";
import type { GeneratedVideo } from "./gen/longtake/v1/generation_pb.js";
import type { GenerateVideosOperation } from "./gen/longtake/v1/operation_pb.js";
import { VideoService } from "./gen/longtake/v1/video_service_pb.js";
import { type Downloaded, type Sha256, videoBytes } from "./downloading.js";
import type { StreamOptions } from "./streaming.js";
import { type WatchOptions, watchOperation } from "./watching.js";
import { type OperationEvent, type WatchAllOptions, watchOperations } from "./watching_all.js";

/** Calls a Longtake server. Subclasses provide hashing and storage for a platform. */
export abstract class LongtakeClient {
  /**
   * Connect's client of the contract. Sets the request_id of GenerateVideos requests that have
   * none.
   */
  readonly service: Client<typeof VideoService>;

  constructor(transport: Transport) {
    this.service = createClient(VideoService, transport);
  }

  /**
   * Yields the current state of an operation and every change until its end. A broken watch resumes
   * after the last received state.
   *
   * @param operation an operation, or its name, `operations/{id}`.
   * @throws ConnectError if it cannot resume, or with code Canceled if the signal aborted.
   */
  watch(operation: Named | string, options?: WatchOptions): AsyncGenerator<GenerateVideosOperation, void, undefined> {
    return watchOperation(this.service, nameOf(operation), options);
  }

  /**
   * Yields the current state of each operation that you may see, then `initialSetComplete`, then
   * changes as they happen. A broken watch resumes after the last event, or begins the initial set
   * again and says so.
   *
   * @throws ConnectError if it cannot resume, or with code Canceled if the signal aborted.
   */
  watchAll(options?: WatchAllOptions): AsyncGenerator<OperationEvent, void, undefined> {
    return watchOperations(this.service, options);
  }

  /** Waits for the end of an operation and returns it, even if it failed. Throws like `watch`. */
  async wait(operation: Named | string, options?: WatchOptions): Promise<GenerateVideosOperation> {
    let last: GenerateVideosOperation | undefined;
    for await (last of this.watch(operation, { ...options, afterRevision: 0n }));
    if (last === undefined) throw new Error("a watch ends with an operation that is done");
    return last;
  }

  /**
   * Yields the bytes of a video in order and resumes if the stream breaks. Returns their size and
   * SHA-256 after verification.
   *
   * @param video a generated video, or its name, `operations/{id}/videos/{index}`.
   * @throws ConnectError if it cannot resume; code DataLoss if the bytes fail the verification.
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

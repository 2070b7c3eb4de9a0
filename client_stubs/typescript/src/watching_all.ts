// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Watches all operations. Resumes after broken connections and restarts of the server. */

import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { errorDetails } from "./errors.js";
import type { GenerateVideosOperation } from "./gen/longtake/v1/operation_pb.js";
import type { VideoService, WatchOperationsResponse } from "./gen/longtake/v1/video_service_pb.js";
import { type StreamOptions, STREAM_MS, resumed } from "./streaming.js";

/** Options of a watch of all operations. */
export interface WatchAllOptions extends StreamOptions {
  /** Restrictions of the contract, for example `state = RUNNING`. Default: all operations. */
  filter?: string;
  /** The `position` of the last event that you have. Default: every operation comes first. */
  afterPosition?: string;
}

/**
 * An event of a watch of all operations. Its `position` is opaque: give it as `afterPosition` to go
 * on after the event when your program starts again. It is undefined within an initial set, which
 * cannot be resumed.
 */
export type OperationEvent =
  /** An operation as it is now: part of the initial set, new, or changed. */
  | { case: "changed"; operation: GenerateVideosOperation; position: string | undefined }
  /** An operation was deleted, or its record has expired. */
  | { case: "deleted"; name: string; position: string | undefined }
  /** Every operation that existed when the watch began has arrived. Comes once a set. */
  | { case: "initialSetComplete"; position: string | undefined }
  /** The initial set begins again: discard the operations that this watch brought before. */
  | { case: "initialSetRestarted"; position: undefined };

/**
 * Yields the state of every operation that the caller may see, then changes as they happen. It has
 * no end of its own.
 *
 * @throws ConnectError if it cannot resume, or with code Canceled if the caller's signal aborted.
 */
export async function* watchOperations(
  service: Client<typeof VideoService>,
  options: WatchAllOptions = {},
): AsyncGenerator<OperationEvent, void, undefined> {
  const progress = new Progress(options.afterPosition ?? "");
  const messages = resumed(
    (call) =>
      service.watchOperations({ filter: options.filter ?? "", afterPosition: progress.position }, call),
    (broke) => progress.broke(broke),
    (message) => progress.isAdvancedBy(message),
    options,
    // A stream without a position cannot be resumed, so it gets longer to deliver the initial set.
    () => (progress.position ? STREAM_MS : 6 * STREAM_MS),
  );
  for await (const message of messages) yield* progress.receive(message);
}

/** What a watch of all has brought, and where it resumes. */
class Progress {
  private hasBegun = false;
  private restarts = false;
  private complete = false;

  constructor(public position: string) {}

  /**
   * Only for progress: a stream that always breaks within the initial set must not be resumed for
   * ever.
   */
  isAdvancedBy({ event, position }: WatchOperationsResponse): boolean {
    return event.case === "heartbeat" || position !== this.position;
  }

  *receive(message: WatchOperationsResponse): Generator<OperationEvent, void, undefined> {
    if (this.restarts) {
      this.restarts = false;
      yield { case: "initialSetRestarted", position: undefined };
    }
    const { event } = message;
    const position = message.position || undefined;
    this.position = message.position || this.position;
    if (event.case === "operation") {
      this.hasBegun = true;
      yield { case: "changed", operation: event.value, position };
    } else if (event.case === "deletion") {
      this.hasBegun = true;
      yield { case: "deleted", name: event.value.name, position };
    } else if (event.case === "initialSetComplete" && !this.complete) {
      this.hasBegun = this.complete = true;
      yield { case: "initialSetComplete", position };
    }
  }

  /** Returns why the stream has to be resumed: it has no end of its own. */
  broke(error: ConnectError | undefined): ConnectError {
    if (error === undefined) return this.resumable("the watch of all operations ended");
    if (this.position && POSITION_LOST.has(errorDetails(error).reason)) {
      this.position = "";
      this.restart();
      return this.resumable(error.rawMessage);
    }
    if (!this.position && this.hasBegun) this.restart();
    return error;
  }

  private resumable(message: string): ConnectError {
    if (!this.position && this.hasBegun) this.restart();
    return new ConnectError(message, Code.Unavailable);
  }

  private restart(): void {
    this.hasBegun = this.complete = false;
    this.restarts = true;
  }
}

// The server no longer keeps the changes since a position, or was restored from a backup.
const POSITION_LOST = new Set(["POSITION_EXPIRED", "REVISION_AHEAD"]);

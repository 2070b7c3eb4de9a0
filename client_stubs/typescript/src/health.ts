// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Follows the health of one server through the standard health service. */

import { type Transport, Code, ConnectError, createClient } from "@connectrpc/connect";
import { Backoff, DEFAULT_RESUME, sleep } from "./backoff.js";
import { HealthCheckResponse_ServingStatus as ServingStatus, Health } from "./gen/health/v1/health_pb.js";
import { VideoService } from "./gen/longtake/v1/video_service_pb.js";

/** Follows the health of a server until the signal aborts. */
export class HealthWatch {
  /** Whether the server is healthy. False until it has reported so. */
  serving = false;
  /** Whether the health is known. */
  isKnown = false;
  /** Resolves once the health is known. */
  readonly known: Promise<void>;
  private tell!: () => void;

  constructor(transport: Transport, closed: AbortSignal) {
    this.known = new Promise((resolve) => (this.tell = resolve));
    void this.follow(transport, closed);
  }

  private async follow(transport: Transport, closed: AbortSignal): Promise<void> {
    const health = createClient(Health, transport);
    const backoff = new Backoff({ ...DEFAULT_RESUME, attempts: Number.POSITIVE_INFINITY });
    while (!closed.aborted) {
      try {
        for await (const { status } of health.watch({ service: VideoService.typeName }, { signal: closed })) {
          backoff.reset();
          this.set(status === ServingStatus.SERVING);
        }
        await sleep(backoff.nextDelayMs(new ConnectError("the watch ended", Code.Unavailable)), closed);
      } catch (reason) {
        const error = ConnectError.from(reason);
        // A server without the health service counts as healthy, as gRPC specifies.
        this.set(error.code === Code.Unimplemented);
        if (error.code === Code.Unimplemented || closed.aborted) return;
        await sleep(backoff.nextDelayMs(error), closed).catch(() => undefined);
      }
    }
  }

  private set(serving: boolean): void {
    this.serving = serving;
    this.isKnown = true;
    this.tell();
  }
}

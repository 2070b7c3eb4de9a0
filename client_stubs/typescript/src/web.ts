// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The client for browsers, over gRPC-Web. Needs the package @connectrpc/connect-web. */

import type { Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { LongtakeClient } from "./client.js";
import type { Sha256 } from "./downloading.js";
import type { GeneratedVideo } from "./gen/longtake/v1/generation_pb.js";
import { requestIds, retries } from "./interceptors.js";
import type { StreamOptions } from "./streaming.js";
import { withUnaryTimeout } from "./timeout.js";

export * from "./contract.js";

/** Connection options. */
export interface WebOptions {
  /** The URL of the gRPC-Web proxy, for example `https://longtake.example`. */
  baseUrl: string;
  /** The deadline of each unary call in milliseconds. Streams have none. Default: 30,000. */
  timeoutMs?: number;
  /** Further interceptors, for example to add credentials. */
  interceptors?: readonly Interceptor[];
}

/** Returns a client that connects at its first call. */
export function connectWeb(options: WebOptions): WebClient {
  return new WebClient(options);
}

/** Calls a Longtake server over gRPC-Web. */
export class WebClient extends LongtakeClient {
  constructor({ baseUrl, timeoutMs = 30_000, interceptors = [] }: WebOptions) {
    const transport = createGrpcWebTransport({
      baseUrl,
      interceptors: [requestIds, retries, ...interceptors],
    });
    super(withUnaryTimeout(transport, timeoutMs));
  }

  /**
   * Fetches a whole video, for example for `URL.createObjectURL`.
   *
   * @throws ConnectError like `read`.
   */
  async download(video: GeneratedVideo | string, options?: StreamOptions): Promise<Blob> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const bytes of this.read(video, options)) parts.push(new Uint8Array(bytes));
    const type = typeof video === "string" ? "" : video.video?.mimeType;
    return new Blob(parts, { type: type || "video/mp4" });
  }

  protected override sha256(): Sha256 {
    // The browser's digest function needs all bytes at once.
    const parts: Uint8Array<ArrayBuffer>[] = [];
    return {
      update: (bytes) => void parts.push(new Uint8Array(bytes)),
      hex: async () => {
        const digest = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
        return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      },
    };
  }
}

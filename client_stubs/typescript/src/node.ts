// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The client for Node.js, over gRPC. */

// Kept in the declarations, which use Node's types: tsc does not load them by default.
/// <reference types="node" preserve="true" />

import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import type { SecureClientSessionOptions } from "node:http2";
import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Access, identified, secureOptions, targetOf } from "./access.js";
import { LongtakeClient } from "./client.js";
import type { Downloaded, Sha256 } from "./downloading.js";
import type { GeneratedVideo } from "./gen/longtake/v1/generation_pb.js";
import { requestIds, retries } from "./interceptors.js";
import { Sessions } from "./sessions.js";
import type { StreamOptions } from "./streaming.js";
import { withUnaryTimeout } from "./timeout.js";

/** Connection options. */
export interface ConnectOptions extends Access {
  /**
   * The server: `https://host` or `grpcs://host:port` with TLS, `host:port` without. Default:
   * LONGTAKE_ADDRESS, or `localhost:50051` if it is not set.
   */
  address?: string;
  /**
   * TLS: Node's options, or true to trust the system's authorities or those of LONGTAKE_CA. Default: as
   * the address says.
   */
  tls?: boolean | SecureClientSessionOptions;
  /** The deadline of each unary call in milliseconds. Streams have none. Default: 30,000. */
  timeoutMs?: number;
  /** Further interceptors, for example to add credentials. */
  interceptors?: readonly Interceptor[];
}

/** Returns a client that connects at its first call. */
export function connect(options: ConnectOptions = {}): NodeClient {
  return new NodeClient(options);
}

/** Calls a Longtake server over gRPC. */
export class NodeClient extends LongtakeClient {
  private readonly sessions: Sessions;

  constructor(options: ConnectOptions) {
    const { tls, timeoutMs = 30_000, interceptors = [] } = options;
    const targets = addressesOf(options).map((address) => targetOf(address, Boolean(tls)));
    const urls = targets.map(({ url }) => url);
    const isEncrypted = urls.some((url) => url.startsWith("https:"));
    const sessions = new Sessions(urls, isEncrypted ? secureOptions(tls) : undefined);
    const transport = createGrpcTransport({
      baseUrl: sessions.authority,
      sessionManager: sessions,
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
      interceptors: [requestIds, retries, identified(options, targets), ...interceptors],
    });
    super(withUnaryTimeout(transport, timeoutMs));
    this.sessions = sessions;
  }

  /**
   * Downloads a video to a file. Writes to `{path}.part` and renames that to `path` once the bytes
   * are complete and verified.
   *
   * @throws ConnectError like `read`; Error if the file cannot be written.
   */
  async download(video: GeneratedVideo | string, path: string, options?: StreamOptions): Promise<Downloaded> {
    const part = `${path}.part`;
    const file = await open(part, "w");
    try {
      const chunks = this.read(video, options);
      let step = await chunks.next();
      for (; !step.done; step = await chunks.next()) await file.writeFile(step.value);
      await file.sync();
      await rename(part, path);
      return step.value;
    } finally {
      await file.close();
      await rm(part, { force: true });
    }
  }

  /** Closes the connections and ends every call on them. */
  close(): void {
    this.sessions.close();
  }

  protected override sha256(): Sha256 {
    const hash = createHash("sha256");
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
  }
}

const MAX_MESSAGE_BYTES = 64 << 20;

// Several addresses, separated by commas, are for servers that share their state. Such servers do
// not exist yet, so the option does not mention this.
function addressesOf({ address }: ConnectOptions): readonly string[] {
  const chosen = address ?? process.env["LONGTAKE_ADDRESS"] ?? "localhost:50051";
  return chosen.split(",").map((each) => each.trim());
}

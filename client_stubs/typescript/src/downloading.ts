// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Downloads the bytes of a video, resumes after broken connections and verifies them. */

import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { GeneratedVideo } from "./gen/longtake/v1/generation_pb.js";
import type { VideoService } from "./gen/longtake/v1/video_service_pb.js";
import { type StreamOptions, resumed } from "./streaming.js";

/** Hashes bytes with SHA-256. */
export interface Sha256 {
  /** Adds bytes. */
  update(bytes: Uint8Array): void;
  /** Returns the digest as 64 lower-case hexadecimal digits. */
  hex(): string | Promise<string>;
}

/** A complete download. */
export interface Downloaded {
  /** The size in bytes. */
  sizeBytes: number;
  /** The SHA-256 in hexadecimal digits. It equals the server's if that is known. */
  sha256: string;
}

/**
 * Yields the bytes of a video in order and resumes if the stream breaks. Returns their size and
 * digest.
 *
 * @param video a generated video, or its name, `operations/{id}/videos/{index}`.
 * @throws ConnectError if it cannot resume; code DataLoss if the bytes fail the verification;
 *   code Canceled if the caller's signal aborted.
 */
export async function* videoBytes(
  service: Client<typeof VideoService>,
  video: GeneratedVideo | string,
  hash: Sha256,
  options: StreamOptions = {},
): AsyncGenerator<Uint8Array, Downloaded, undefined> {
  const name = typeof video === "string" ? video : video.name;
  let told = typeof video === "string" ? undefined : video.video;
  let offset = 0;
  const messages = resumed(
    (call) => service.downloadVideo({ name, readOffset: BigInt(offset) }, call),
    (broke) => {
      const size = told?.sizeBytes;
      if (broke !== undefined || size === undefined || BigInt(offset) >= size) return broke;
      const message = `the download of ${name} ended after ${offset} of ${size} bytes`;
      return new ConnectError(message, Code.Unavailable);
    },
    // Not every message: a stream may start successfully each time and make no progress.
    (message) => Boolean(message.chunk?.data.length),
    options,
  );
  for await (const message of messages) {
    if (message.video?.sha256) told = message.video;
    const bytes = message.chunk?.data;
    if (!bytes?.length) continue;
    hash.update(bytes);
    offset += bytes.length;
    yield bytes;
  }
  const sha256 = await hash.hex();
  verify(name, told, { sizeBytes: offset, sha256 });
  return { sizeBytes: offset, sha256 };
}

function verify(name: string, told: GeneratedVideo["video"], arrived: Downloaded): void {
  if (told?.sizeBytes !== undefined && BigInt(arrived.sizeBytes) !== told.sizeBytes) {
    const message = `${name} has ${told.sizeBytes} bytes, but ${arrived.sizeBytes} arrived`;
    throw new ConnectError(message, Code.DataLoss);
  }
  if (told?.sha256 && told.sha256.toLowerCase() !== arrived.sha256) {
    throw new ConnectError(`${name}: its bytes do not have the SHA-256 ${told.sha256}`, Code.DataLoss);
  }
}

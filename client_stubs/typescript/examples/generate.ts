// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Generates a video: `npm run generate -- "A paper boat sails down a rainy street" boat.mp4`. */

import { ConnectError } from "@connectrpc/connect";
import { GenerateVideosMetadata_State as State, connect, errorDetails } from "@longtake/client";

const [prompt, path] = process.argv.slice(2);
if (!prompt || !path) {
  console.error('usage: generate "PROMPT" OUT.mp4 (LONGTAKE_ADDRESS names the server)');
  process.exit(2);
}

const client = connect();
try {
  let operation = await client.service.generateVideos({
    model: "veo-3.1-fast-generate-001",
    prompt,
    config: { durationSeconds: 4 },
  });
  for await (operation of client.watch(operation)) {
    console.log(operation.name, State[operation.metadata?.state ?? State.STATE_UNSPECIFIED]);
  }

  if (operation.result.case === "error") {
    tell(operation.result.value);
  } else {
    const video = operation.result.value?.generatedVideos[0];
    if (video === undefined) throw new Error("the upstream withheld the video");
    const { sizeBytes, sha256 } = await client.download(video, path);
    console.log(`${path}: ${sizeBytes} bytes, SHA-256 ${sha256}`);
  }
} catch (error) {
  if (!(error instanceof ConnectError)) throw error;
  tell(error);
} finally {
  client.close();
}

function tell(error: unknown): void {
  const { status, reason, message, violations } = errorDetails(error);
  console.error(`${status} ${reason}: ${message}`);
  for (const { field, description } of violations) console.error(`  ${field}: ${description}`);
  process.exitCode = 1;
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Shows by one JSON object per line that the client does all it should: `conformance ADDRESS OUT_FILE`. */

import { randomUUID } from "node:crypto";
import {
  type ErrorDetails,
  GenerateVideosMetadata_State as State,
  type GenerateVideosOperation,
  connect,
  errorDetails,
} from "@longtake/client";

const MODEL = "veo-3.1-lite-generate-001";
const [address, path] = process.argv.slice(2);
if (!address || !path) throw new Error("usage: conformance ADDRESS OUT_FILE");
const client = connect({ address });
const { service } = client;

await invalid();
const name = await generated();
await downloaded(await watched(name));
await listed(name);
await cancelled();
await deadline(name);
await clientCancelled();
client.close();

async function invalid(): Promise<void> {
  const config = { durationSeconds: 5, aspectRatio: "1:1" };
  const error = await errorOf(service.generateVideos({ model: MODEL, prompt: "x", config }));
  tell({ step: "invalid", code: error.status, reason: error.reason, violations: error.violations });
}

async function generated(): Promise<string> {
  const requestId = randomUUID();
  const request = { requestId, model: MODEL, prompt: "conformance", config: { durationSeconds: 4 } };
  const first = await service.generateVideos(request);
  tell({ step: "generated", name: first.name, request_id: requestId });
  const again = await service.generateVideos(request);
  tell({ step: "generated", name: again.name, request_id: requestId });
  return first.name;
}

async function watched(name: string): Promise<GenerateVideosOperation> {
  const states: GenerateVideosOperation[] = [];
  let reconnects = 0;
  for await (const state of client.watch(name, { onResume: () => (reconnects += 1) })) {
    if (states.length === 0) tell({ step: "watching", revision: Number(state.revision) });
    states.push(state);
  }
  const last = states.at(-1);
  tell({
    step: "watched",
    revisions: states.map((state) => Number(state.revision)),
    states: states.map(stateName),
    reconnects,
    done: last?.done,
  });
  if (last === undefined) throw new Error("the watch brought nothing");
  return last;
}

async function downloaded({ result }: GenerateVideosOperation): Promise<void> {
  if (result.case !== "response") throw new Error("the generation failed");
  const [video] = result.value.generatedVideos;
  if (video === undefined || path === undefined) throw new Error("the generation made no video");
  const { sizeBytes, sha256 } = await client.download(video, path);
  tell({ step: "downloaded", size: sizeBytes, sha256 });
}

async function listed(name: string): Promise<void> {
  const { operations } = await service.listOperations({ filter: "done = true" });
  tell({ step: "listed", found: operations.some((operation) => operation.name === name) });
}

async function cancelled(): Promise<void> {
  const { name } = await service.generateVideos({ model: MODEL, prompt: "cancel me [sim:never]" });
  await service.cancelOperation({ name });
  const ended = await client.wait(name);
  const reason = ended.result.case === "error" ? errorDetails(ended.result.value).reason : "";
  tell({ step: "cancelled", state: stateName(ended), reason });
}

async function deadline(name: string): Promise<void> {
  let code = "OK";
  for (let turn = 0; turn < 100 && code === "OK"; turn += 1) {
    code = (await errorOf(service.getOperation({ name }, { timeoutMs: 1 }))).status;
  }
  tell({ step: "deadline", code });
}

async function clientCancelled(): Promise<void> {
  const stop = new AbortController();
  const watch = async () => {
    for await (const _ of service.watchOperations({}, { signal: stop.signal })) stop.abort();
  };
  tell({ step: "client_cancelled", code: (await errorOf(watch())).status });
}

async function errorOf(call: Promise<unknown>): Promise<Pick<ErrorDetails, "status" | "reason" | "violations">> {
  try {
    await call;
    return { status: "OK", reason: "", violations: [] };
  } catch (error) {
    return errorDetails(error);
  }
}

function stateName({ metadata }: GenerateVideosOperation): string {
  return State[metadata?.state ?? State.STATE_UNSPECIFIED];
}

function tell(step: Record<string, unknown>): void {
  console.log(JSON.stringify(step));
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
//
// Uses the interactions of Google's SDK, moved to Longtake by its environment, and prints as JSON
// what each case came to. Videos are saved in the folder that is the only argument.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { GoogleGenAI } from "@google/genai";

const folder = process.argv[2];
const model = "gemini-omni-1.2-flash";
const response_format = { type: "video", duration: "3s", resolution: "360p" };
const { interactions } = new GoogleGenAI({});

function create(input, fields = {}) {
  return interactions.create({ model, input, response_format, background: true, ...fields });
}

function save(name, data) {
  writeFileSync(join(folder, `${name}.mp4`), Buffer.from(data, "base64"));
}

function ended(name, interaction) {
  const contents = (interaction.steps ?? []).flatMap((step) => step.content ?? []);
  const video = contents.find((content) => content.type === "video");
  if (video?.data) save(name, video.data);
  return {
    id: interaction.id,
    status: interaction.status,
    contents: contents.map((content) => content.type),
    errors: interaction.errors ?? [],
  };
}

async function background(name, prompt) {
  const created = await create(prompt);
  let found = created;
  while (found.status === "in_progress") found = await interactions.get(created.id);
  return { created: created.status, ...ended(name, found) };
}

async function read(name, stream, most = Infinity) {
  const events = [];
  for await (const event of stream) {
    events.push(event);
    if (event.event_type === "step.delta" && event.delta.data) save(name, event.delta.data);
    if (events.length === most) break;
  }
  return events;
}

async function streamed(name, prompt) {
  const events = await read(name, await create(prompt, { stream: true }));
  return { types: events.map((event) => event.event_type) };
}

async function resumed() {
  const seen = await read("resumed", await create("a stream", { stream: true }), 2);
  const id = seen[0].interaction.id;
  const last_event_id = seen.at(-1).event_id;
  const rest = await read("resumed", await interactions.get(id, { stream: true, last_event_id }));
  const ids = [...seen, ...rest].map((event) => event.event_id);
  return {
    seen: seen.map((event) => event.event_type),
    types: rest.map((event) => event.event_type),
    distinct: new Set(ids).size === ids.length,
  };
}

async function cancelled() {
  const { id } = await create("a boat [sim:never]");
  return { answer: (await interactions.cancel(id)).status };
}

async function deleted() {
  const { id } = await create("a boat [sim:never]");
  await interactions.delete(id);
  return { status: (await interactions.get(id)).status };
}

const cases = {
  background: () => background("background", "a paper boat"),
  at_once: async () => ended("at_once", await create("a boat", { background: false })),
  streamed: () => streamed("streamed", "a stream"),
  resumed,
  failed: () => background("failed", "a boat [sim:fail]"),
  cancelled,
  deleted,
  invalid: () => create("a boat", { response_format: { ...response_format, duration: "99s" } }),
};

const told = {};
for (const [name, run] of Object.entries(cases)) {
  try {
    told[name] = await run();
  } catch (error) {
    told[name] = {
      raised: error.name,
      status: error.status ?? error.statusCode,
      message: String(error.message),
    };
  }
}
process.stdout.write(JSON.stringify(told));

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// A program on Google's SDK for JavaScript as its users write one. It knows nothing of Longtake.
import { writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI(JSON.parse(process.argv[2]));
let operation = await ai.models.generateVideos({
  model: "veo-3.1-generate-001",
  prompt: "a paper boat",
  config: { durationSeconds: 4 },
});
console.log(operation.name);
while (!operation.done) {
  await setTimeout(50);
  operation = await ai.operations.getVideosOperation({ operation });
}
if (operation.error) throw new Error(JSON.stringify(operation.error));
const { video } = operation.response.generatedVideos[0];
await writeFile("node.mp4", Buffer.from(video.videoBytes, "base64"));

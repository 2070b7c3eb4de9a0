// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Reads the golden messages and writes each encoding from the other: `golden FROM_FOLDER TO_FOLDER`. */

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRegistry, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { GenerateVideosOperationSchema, GenerateVideosRequestSchema } from "@longtake/client";
import { file_google_rpc_error_details } from "../src/gen/google/rpc/error_details_pb.js";

const [from, to] = process.argv.slice(2);
if (!from || !to) throw new Error("usage: golden FROM_FOLDER TO_FOLDER");
// What an operation's error may hold.
const registry = createRegistry(file_google_rpc_error_details);

for (const file of await readdir(from)) {
  if (!file.endsWith(".binpb")) continue;
  const name = file.slice(0, -".binpb".length);
  const schema = name.endsWith("_request") ? GenerateVideosRequestSchema : GenerateVideosOperationSchema;
  const ofBinary = fromBinary(schema, await readFile(join(from, file)));
  const ofJson = fromJsonString(schema, await readFile(join(from, `${name}.json`), "utf8"), { registry });
  await writeFile(join(to, file), toBinary(schema, ofJson));
  await writeFile(join(to, `${name}.json`), toJsonString(schema, ofBinary, { registry }));
}

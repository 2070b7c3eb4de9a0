// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Tells the events of a watch of all operations: `watch_all ADDRESS FILTER AFTER_POSITION`. */

import { connect } from "@longtake/client";

const [address, filter, afterPosition] = process.argv.slice(2);
if (!address || filter === undefined || afterPosition === undefined) {
  throw new Error("usage: watch_all ADDRESS FILTER AFTER_POSITION");
}
const client = connect({ address });
for await (const event of client.watchAll({ filter, afterPosition })) {
  const position = event.position ?? "";
  if (event.case === "changed") {
    const { name, revision } = event.operation;
    tell({ step: "changed", name, revision: Number(revision), position });
  } else if (event.case === "deleted") {
    tell({ step: "deleted", name: event.name, position });
    break;
  } else {
    tell({ step: event.case === "initialSetComplete" ? "complete" : "restarted", position });
  }
}
client.close();

function tell(step: Record<string, unknown>): void {
  console.log(JSON.stringify(step));
}

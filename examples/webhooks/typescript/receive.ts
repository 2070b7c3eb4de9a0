// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Receives events: `WEBHOOK_SECRET=whsec_... npm start [PORT]`. */

import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

interface Event {
  type: string;
  data: { operation?: { name: string; revision: string } };
}

const MOST_BYTES = 20_000;
const webhook = new Webhook(process.env["WEBHOOK_SECRET"] ?? "");
const newest = new Map<string, bigint>(); // in your service, a column beside the operation

const server = createServer(async (request, response) => {
  try {
    const body = await bodyOf(request);
    const headers = request.headers as Record<string, string>;
    receive(webhook.verify(body, headers) as Event); // the raw text, not parsed and written again
    response.writeHead(204).end();
  } catch {
    response.writeHead(400).end();
  }
});

function receive({ type, data: { operation } }: Event): void {
  if (operation === undefined) {
    console.log(type);
    return;
  }
  const revision = BigInt(operation.revision);
  if (revision <= (newest.get(operation.name) ?? 0n)) return; // the same again, or an older one
  newest.set(operation.name, revision);
  console.log(type, operation.name);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error("too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

server.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

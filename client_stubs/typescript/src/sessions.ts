// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** HTTP/2 connections to one or several servers, with round-robin balancing. */

import type { ClientHttp2Stream, SecureClientSessionOptions } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { type GrpcTransportOptions, Http2SessionManager, createGrpcTransport } from "@connectrpc/connect-node";
import { HealthWatch } from "./health.js";

type SessionManager = NonNullable<GrpcTransportOptions["sessionManager"]>;

interface Member {
  session: Http2SessionManager;
  health?: HealthWatch;
}

// Detects dead connections. The heartbeats of watches are more frequent than these pings, so
// servers do not reject the pings as too many.
const PINGS = { pingIntervalMs: 60_000, pingTimeoutMs: 20_000 };

/** Round robin over the servers whose health checks succeed. A single server is not checked. */
export class Sessions implements SessionManager {
  readonly authority: string;
  private readonly members: readonly Member[];
  private readonly owners = new WeakMap<ClientHttp2Stream, Http2SessionManager>();
  private readonly closing = new AbortController();
  private turn = 0;

  /** @param urls `http://host:port`, at least one. */
  constructor(urls: readonly string[], tls: SecureClientSessionOptions | undefined) {
    this.members = urls.map((url) => ({ session: new Http2SessionManager(url, PINGS, tls) }));
    const first = this.members[0];
    if (first === undefined) throw new Error("urls: there is none; accepted is at least one");
    this.authority = first.session.authority;
  }

  async request(...call: Parameters<SessionManager["request"]>): Promise<ClientHttp2Stream> {
    const { session } = await this.next();
    const stream = await session.request(...call);
    this.owners.set(stream, session);
    return stream;
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    this.owners.get(stream)?.notifyResponseByteRead(stream);
  }

  close(): void {
    const closed = new ConnectError("the client is closed", Code.FailedPrecondition);
    this.closing.abort(closed);
    for (const { session } of this.members) session.abort(closed);
  }

  private async next(): Promise<Member> {
    const [only] = this.members;
    for (;;) {
      this.closing.signal.throwIfAborted();
      const member = this.members.length === 1 ? only : this.healthy();
      if (member !== undefined) return member;
      const unknown = this.members.flatMap(({ health }) => (health?.isKnown ? [] : [health?.known]));
      if (unknown.length === 0) {
        throw new ConnectError(`none of ${this.members.length} servers is healthy`, Code.Unavailable);
      }
      await Promise.race(unknown);
    }
  }

  private healthy(): Member | undefined {
    for (const member of this.members) member.health ??= this.watch(member.session);
    for (const _ of this.members) {
      const member = this.members[this.turn++ % this.members.length];
      if (member?.health?.serving) return member;
    }
    return undefined;
  }

  private watch(session: Http2SessionManager): HealthWatch {
    const transport = createGrpcTransport({ baseUrl: session.authority, sessionManager: session });
    return new HealthWatch(transport, this.closing.signal);
  }
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The deadline of unary calls. Connect's own default would end watches and downloads too. */

import type { Transport } from "@connectrpc/connect";

/** Returns a transport that gives unary calls a default deadline in milliseconds. */
export function withUnaryTimeout(transport: Transport, timeoutMs: number): Transport {
  return {
    unary: (method, signal, own, ...rest) => transport.unary(method, signal, own ?? timeoutMs, ...rest),
    stream: (...call) => transport.stream(...call),
  };
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The client on Node.js, and the contract's messages. `@longtake/client/web` is for browsers. */

export * from "./node.js";
export * from "./contract.js";

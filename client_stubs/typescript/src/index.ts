// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** The client for Node.js and the contract's messages. For browsers, use `@longtake/client/web`. */

export * from "./node.js";
export * from "./contract.js";

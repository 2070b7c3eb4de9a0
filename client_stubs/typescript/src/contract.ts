// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Exports of both entry points: the messages of the contract, and platform-independent helpers. */

export { DEFAULT_RESUME, type RetryPolicy } from "./backoff.js";
export { LongtakeClient } from "./client.js";
export type { Downloaded, Sha256 } from "./downloading.js";
export { type ErrorDetails, type FieldViolation, errorDetails } from "./errors.js";
export type { StreamOptions } from "./streaming.js";
export type { WatchOptions } from "./watching.js";
export type { OperationEvent, WatchAllOptions } from "./watching_all.js";
export * from "./gen/longtake/v1/error_reason_pb.js";
export * from "./gen/longtake/v1/generation_pb.js";
export * from "./gen/longtake/v1/media_pb.js";
export * from "./gen/longtake/v1/model_pb.js";
export * from "./gen/longtake/v1/operation_pb.js";
export * from "./gen/longtake/v1/video_service_pb.js";

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Decodes the google.rpc details of errors. */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import type { Status } from "./gen/google/rpc/status_pb.js";

/** An invalid field of a request. */
export interface FieldViolation {
  /** The path of the field, for example `config.duration_seconds`. */
  field: string;
  /** What is wrong and what is accepted. */
  description: string;
}

/** A decoded error. */
export interface ErrorDetails {
  /** The gRPC code. */
  code: Code;
  /** Its name, for example `INVALID_ARGUMENT`. */
  status: string;
  /**
   * The machine-readable cause, for example `INVALID_FIELD`. Empty if the error does not come from
   * the server.
   */
  reason: string;
  /** What happened. */
  message: string;
  /** The variable parts of the message. */
  metadata: Record<string, string>;
  /** Every invalid field of the request. */
  violations: FieldViolation[];
  /** The delay in milliseconds that the server asks for before a retry, if any. */
  retryDelayMs?: number;
}

/** Decodes the error of a call or an operation. */
export function errorDetails(error: unknown): ErrorDetails {
  if (isStatus(error)) {
    return decode(error.code, error.message, (schema) =>
      error.details.flatMap((detail) => anyUnpack(detail, schema) ?? []),
    );
  }
  const failure = ConnectError.from(error);
  return decode(failure.code, failure.rawMessage, (schema) => failure.findDetails(schema));
}

/** Returns whether a retry of the same call may succeed. */
export function isPassing(error: ConnectError): boolean {
  if (error.code === Code.Unavailable) return true;
  return MADE_ON_THE_WAY.has(error.code) && error.findDetails(ErrorInfoSchema).length === 0;
}

/** Returns whether a call was refused because its credential has expired. */
export function isExpired(error: ConnectError): boolean {
  return error.code === Code.Unauthenticated && errorDetails(error).reason === "CREDENTIAL_EXPIRED";
}

/**
 * Returns whether the connection of a call broke, which other gRPC libraries report as UNAVAILABLE.
 */
export function isBrokenConnection(error: ConnectError): boolean {
  return BROKEN_CONNECTION.has(error.code) && error.findDetails(ErrorInfoSchema).length === 0;
}

// connect-node's error for a reset. The signal distinguishes it from the caller's cancellation.
const BROKEN_CONNECTION = new Set([Code.Aborted, Code.Canceled]);

// Codes that proxies, broken connections and deadlines of streams produce. The server's own errors
// have a reason.
const MADE_ON_THE_WAY = new Set([
  ...BROKEN_CONNECTION,
  Code.Internal,
  Code.Unknown,
  Code.DeadlineExceeded,
]);

type Find = <Desc extends DescMessage>(schema: Desc) => MessageShape<Desc>[];

function decode(code: Code, message: string, find: Find): ErrorDetails {
  const info = find(ErrorInfoSchema)[0];
  const delay = find(RetryInfoSchema)[0]?.retryDelay;
  return {
    code,
    status: statusName(code),
    reason: info?.reason ?? "",
    message,
    metadata: info?.metadata ?? {},
    violations: find(BadRequestSchema).flatMap((request) =>
      request.fieldViolations.map(({ field, description }) => ({ field, description })),
    ),
    ...(delay && { retryDelayMs: durationMs(delay) }),
  };
}

function statusName(code: Code): string {
  if (code === Code.Canceled) return "CANCELLED";
  return (Code[code] ?? "Unknown").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

function isStatus(error: unknown): error is Status {
  return (error as Status | undefined)?.$typeName === "google.rpc.Status";
}

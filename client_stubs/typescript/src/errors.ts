// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** What the google.rpc details of an error say. */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import type { Status } from "./gen/google/rpc/status_pb.js";

/** A field of a request that is wrong. */
export interface FieldViolation {
  /** The path of the field, for example `config.duration_seconds`. */
  field: string;
  /** What is wrong and what is accepted. */
  description: string;
}

/** An error, decoded. */
export interface ErrorDetails {
  /** The gRPC code. */
  code: Code;
  /** Its name, for example `INVALID_ARGUMENT`. */
  status: string;
  /** The machine-readable cause, for example `INVALID_FIELD`; empty where the error was made on the way. */
  reason: string;
  /** What happened. */
  message: string;
  /** What varies in the message. */
  metadata: Record<string, string>;
  /** Every field of the request that is wrong. */
  violations: FieldViolation[];
  /** Milliseconds after which the server asks to call again, where it does. */
  retryDelayMs?: number;
}

/** Decodes the error of a call, or the error that an operation holds. */
export function errorDetails(error: unknown): ErrorDetails {
  if (isStatus(error)) {
    return decode(error.code, error.message, (schema) =>
      error.details.flatMap((detail) => anyUnpack(detail, schema) ?? []),
    );
  }
  const failure = ConnectError.from(error);
  return decode(failure.code, failure.rawMessage, (schema) => failure.findDetails(schema));
}

/** Whether the same call may work on another attempt, as far as the error tells. */
export function isPassing(error: ConnectError): boolean {
  if (error.code === Code.Unavailable) return true;
  return MADE_ON_THE_WAY.has(error.code) && error.findDetails(ErrorInfoSchema).length === 0;
}

/** Whether the connection broke under a call, which other gRPC libraries tell as UNAVAILABLE. */
export function isBrokenConnection(error: ConnectError): boolean {
  return BROKEN_CONNECTION.has(error.code) && error.findDetails(ErrorInfoSchema).length === 0;
}

// What connect-node makes of a reset; a caller's own cancellation is told apart by its signal.
const BROKEN_CONNECTION = new Set([Code.Aborted, Code.Canceled]);

// Codes that proxies, broken connections and deadlines of streams produce. The server gives a
// reason with its own.
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

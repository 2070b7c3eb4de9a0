// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** Interceptors of every call: request ids, and the retries of the shipped service config. */

import { isMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { Backoff, type RetryPolicy, sleep } from "./backoff.js";
import { isBrokenConnection } from "./errors.js";
import { serviceConfig } from "./gen/service_config.js";
import { type GenerateVideosRequest, GenerateVideosRequestSchema } from "./gen/longtake/v1/video_service_pb.js";

/**
 * Sets the request_id of GenerateVideos, so a repeated call starts and pays for only one
 * generation.
 */
export const requestIds: Interceptor = (next) => (request) => {
  if (request.stream || !isMessage(request.message, GenerateVideosRequestSchema)) return next(request);
  const requestId = request.message.requestId || crypto.randomUUID();
  // Does not modify the caller's message.
  const message: GenerateVideosRequest = { ...request.message, requestId };
  return next({ ...request, message });
};

/**
 * Retries unary calls as the shipped service config defines: after UNAVAILABLE, and after CANCELLED,
 * which a stopping server answers. Either may hide that the server has acted, so GenerateVideos is
 * safe to repeat only because each request has a request_id. A call whose signal has aborted is not
 * repeated.
 */
export const retries: Interceptor = (next) => async (request) => {
  const policy = POLICIES.get(`${request.service.typeName}/${request.method.name}`);
  if (request.stream || policy === undefined) return next(request);
  const backoff = new Backoff(policy);
  for (;;) {
    try {
      return await next(request);
    } catch (reason) {
      const error = ConnectError.from(reason);
      if (request.signal.aborted || !policy.codes.has(codeOf(error))) throw error;
      await sleep(backoff.nextDelayMs(error), request.signal);
    }
  }
};

interface UnaryPolicy extends RetryPolicy {
  codes: Set<Code>;
}

const POLICIES = readPolicies();

function readPolicies(): Map<string, UnaryPolicy> {
  const policies = new Map<string, UnaryPolicy>();
  for (const { name, retryPolicy } of serviceConfig.methodConfig) {
    const policy = {
      initialMs: milliseconds(retryPolicy.initialBackoff),
      multiplier: retryPolicy.backoffMultiplier,
      maxMs: milliseconds(retryPolicy.maxBackoff),
      attempts: retryPolicy.maxAttempts - 1,
      codes: new Set(retryPolicy.retryableStatusCodes.map(codeNamed)),
    };
    for (const { service, method } of name) policies.set(`${service}/${method}`, policy);
  }
  return policies;
}

function milliseconds(duration: string): number {
  return Number.parseFloat(duration) * 1000;
}

function codeNamed(status: string): Code {
  const name = status.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Code[name as keyof typeof Code];
}

function codeOf(error: ConnectError): Code {
  return isBrokenConnection(error) ? Code.Unavailable : error.code;
}

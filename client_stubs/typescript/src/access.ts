// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

/** How a client proves who it is, and where it may send that. */

import { readFileSync } from "node:fs";
import type { SecureClientSessionOptions } from "node:http2";
import { BlockList, isIP } from "node:net";
import type { Interceptor } from "@connectrpc/connect";

/** What a client proves its identity with. */
export interface Access {
  /** An API key of the server. Default: LONGTAKE_API_KEY. */
  apiKey?: string;
  /**
   * Returns a token, for example of an OAuth 2 client. Called before each call, so it should keep a
   * token until shortly before that expires. A watch or download whose token expired calls it and
   * resumes.
   */
  token?: () => string | Promise<string>;
  /** Sent with every call, for example for a proxy. */
  metadata?: Readonly<Record<string, string>>;
}

/** A server to connect to. */
export interface Target {
  /** Its http: or https: URL. */
  url: string;
  /** Whether what is sent there is encrypted, or cannot leave this machine. */
  isPrivate: boolean;
}

const ACCEPTED =
  "accepted are https://host, grpcs://host:port, http://host:port, grpc://host:port and host:port";

/**
 * Returns the server of an address.
 *
 * @param tls whether `host:port` without a scheme means TLS.
 * @throws TypeError if the address is none. It does not repeat the address.
 */
export function targetOf(address: string, tls: boolean): Target {
  const [, scheme = tls ? "grpcs" : "grpc", rest = ""] = /^(?:([^:/]*):\/\/)?(.*)$/s.exec(address) ?? [];
  const isEncrypted = scheme === "https" || scheme === "grpcs";
  if (!isEncrypted && scheme !== "http" && scheme !== "grpc") throw new TypeError(`address: ${ACCEPTED}`);
  if (!/^(?:[^\s:/?#@[\]]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/.test(rest)) throw new TypeError(`address: ${ACCEPTED}`);
  if (scheme.startsWith("grpc") && !/:\d+$/.test(rest)) throw new TypeError(`address: the port is missing; ${ACCEPTED}`);
  const url = new URL(`${isEncrypted ? "https" : "http"}://${rest}`);
  return { url: url.origin, isPrivate: isEncrypted || isLoopback(url.hostname) };
}

/**
 * Returns what each call sends, as an interceptor.
 *
 * @throws TypeError if there is a key and a token, or if either would be sent in plaintext to another machine.
 */
export function identified(access: Access, targets: readonly Target[]): Interceptor {
  const { token, metadata = {} } = access;
  const apiKey = access.apiKey ?? (token ? undefined : process.env["LONGTAKE_API_KEY"]);
  if (apiKey && token) throw new TypeError("apiKey and token are both set; set one of them");
  if ((apiKey || token) && !targets.every(({ isPrivate }) => isPrivate)) {
    throw new TypeError("a key or token is sent over TLS only, so give an https:// or grpcs:// address");
  }
  return (next) => async (request) => {
    for (const [name, value] of Object.entries(metadata)) request.header.set(name, value);
    const secret = apiKey || (await token?.());
    if (secret) request.header.set("authorization", `Bearer ${secret}`);
    return next(request);
  };
}

/** Returns Node's TLS options, with the files that LONGTAKE_* variables name. */
export function secureOptions(given: boolean | SecureClientSessionOptions | undefined): SecureClientSessionOptions {
  if (typeof given === "object") return given;
  return {
    ...fromFile("ca", "LONGTAKE_CA"),
    ...fromFile("cert", "LONGTAKE_CLIENT_CERTIFICATE"),
    ...fromFile("key", "LONGTAKE_CLIENT_KEY"),
  };
}

function fromFile(option: string, variable: string): SecureClientSessionOptions {
  const path = process.env[variable];
  if (!path) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (cause) {
    throw new TypeError(`${variable}: the file cannot be read`, { cause });
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  const version = isIP(host);
  return host === "localhost" || (version !== 0 && LOOPBACK.check(host, version === 4 ? "ipv4" : "ipv6"));
}

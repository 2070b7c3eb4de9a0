// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of a server.
 *
 * @param target what gRPC connects to
 * @param isEncrypted whether to use TLS
 * @param isPrivate whether what is sent is encrypted or cannot leave this machine
 */
record Address(String target, boolean isEncrypted, boolean isPrivate) {
  private static final String ACCEPTED =
      "accepted are https://host, grpcs://host:port, http://host:port, grpc://host:port and"
          + " host:port";
  private static final Pattern FORM =
      Pattern.compile(
          "(?:(https?|grpcs?)://)?([^\\s:/?#@\\[\\]]+|\\[[0-9a-fA-F:.]+\\])(?::(\\d{1,5}))?");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\]");

  /**
   * Parses an address. Names for gRPC's own resolvers, as in {@code dns:///host:port}, stay as they
   * are.
   *
   * @throws IllegalArgumentException if it is none; the message does not repeat it
   */
  static Address parse(String text) {
    if (text.startsWith("dns:") || text.startsWith("unix:")) {
      return new Address(text, false, text.startsWith("unix:"));
    }
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("address: " + ACCEPTED);
    }
    String scheme = parts.group(1) == null ? "grpc" : parts.group(1);
    String port = parts.group(3);
    if (port == null && scheme.startsWith("grpc")) {
      throw new IllegalArgumentException("address: the port is missing; " + ACCEPTED);
    }
    boolean isEncrypted = scheme.endsWith("s");
    if (port == null) {
      port = isEncrypted ? "443" : "80";
    }
    boolean isLoopback = LOOPBACK.matcher(parts.group(2)).matches();
    return new Address(parts.group(2) + ":" + port, isEncrypted, isEncrypted || isLoopback);
  }
}

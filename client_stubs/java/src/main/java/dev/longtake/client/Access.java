// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How a client proves who it is, and which servers it trusts.
 *
 * <p>A key or token is sent over TLS only, or to a loopback address.
 */
public final class Access {
  private static final Metadata.Key<String> AUTHORIZATION = key("authorization");

  private final Supplier<String> secret;
  private final Path ca;
  private final Path certificate;
  private final Path privateKey;
  private final Map<String, String> metadata;

  private Access(
      Supplier<String> secret,
      Path ca,
      Path certificate,
      Path privateKey,
      Map<String, String> metadata) {
    this.secret = secret;
    this.ca = ca;
    this.certificate = certificate;
    this.privateKey = privateKey;
    this.metadata = metadata;
  }

  /** Returns the access of a caller without a name that trusts the system's authorities. */
  public static Access anonymous() {
    return new Access(null, null, null, null, Map.of());
  }

  /**
   * Returns what LONGTAKE_API_KEY, LONGTAKE_CA, LONGTAKE_CLIENT_CERTIFICATE and LONGTAKE_CLIENT_KEY
   * say.
   */
  public static Access fromEnvironment() {
    return from(System.getenv());
  }

  static Access from(Map<String, String> variables) {
    String apiKey = variables.getOrDefault("LONGTAKE_API_KEY", "");
    return new Access(
        apiKey.isEmpty() ? null : () -> apiKey,
        path(variables.get("LONGTAKE_CA")),
        path(variables.get("LONGTAKE_CLIENT_CERTIFICATE")),
        path(variables.get("LONGTAKE_CLIENT_KEY")),
        Map.of());
  }

  /** Returns this access with an API key of the server in place of any key or token. */
  public Access withApiKey(String apiKey) {
    return new Access(() -> apiKey, ca, certificate, privateKey, metadata);
  }

  /**
   * Returns this access with tokens in place of any key or token. The supplier is called before
   * each call, so it should keep a token until shortly before that expires. A watch or download
   * whose token expired calls it and resumes.
   */
  public Access withToken(Supplier<String> token) {
    return new Access(token, ca, certificate, privateKey, metadata);
  }

  /** Returns this access with a PEM file of the authorities to trust. */
  public Access withCa(Path file) {
    return new Access(secret, file, certificate, privateKey, metadata);
  }

  /** Returns this access with the PEM files that identify the client. */
  public Access withCertificate(Path certificate, Path privateKey) {
    return new Access(secret, ca, certificate, privateKey, metadata);
  }

  /** Returns this access with a header for every call, for example for a proxy. */
  public Access withMetadata(String name, String value) {
    Map<String, String> more = new HashMap<>(metadata);
    more.put(name, value);
    return new Access(secret, ca, certificate, privateKey, Map.copyOf(more));
  }

  /**
   * Returns the credentials of a channel.
   *
   * @throws IllegalArgumentException if they do not suit the address, or a file cannot be used
   */
  ChannelCredentials credentials(Address address) {
    if (secret != null && !address.isPrivate()) {
      throw new IllegalArgumentException(
          "a key or token is sent over TLS only, so give an https:// or grpcs:// address");
    }
    if (address.isEncrypted()) {
      return tls();
    }
    if (ca != null || certificate != null || privateKey != null) {
      throw new IllegalArgumentException(
          "a CA and a client certificate need an https:// or grpcs:// address");
    }
    return InsecureChannelCredentials.create();
  }

  private ChannelCredentials tls() {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (ca != null) {
        builder.trustManager(ca.toFile());
      }
      if (certificate != null && privateKey != null) {
        builder.keyManager(certificate.toFile(), privateKey.toFile());
      } else if (certificate != null || privateKey != null) {
        throw new IllegalArgumentException(
            "a client certificate and its key go together; give both files");
      }
    } catch (IOException error) {
      throw new IllegalArgumentException(
          "the CA or the client certificate cannot be read: " + error.getMessage(), error);
    }
    return builder.build();
  }

  /** Adds what identifies a call. */
  void identify(Metadata headers) {
    metadata.forEach((name, value) -> headers.put(key(name), value));
    if (secret != null) {
      headers.put(AUTHORIZATION, "Bearer " + secret.get());
    }
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static Path path(String file) {
    return file == null || file.isEmpty() ? null : Path.of(file);
  }
}

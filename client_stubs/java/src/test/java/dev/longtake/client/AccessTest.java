// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AccessTest {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @ParameterizedTest
  @CsvSource({
    "https://example.com, example.com:443, true, true",
    "grpcs://example.com:7, example.com:7, true, true",
    "http://example.com, example.com:80, false, false",
    "grpc://127.0.0.1:7, 127.0.0.1:7, false, true",
    "localhost:50051, localhost:50051, false, true",
    "[::1]:7, [::1]:7, false, true",
    "10.0.0.1:7, 10.0.0.1:7, false, false",
  })
  void anAddressSaysWhetherItIsEncrypted(
      String text, String target, boolean isEncrypted, boolean isPrivate) {
    assertEquals(new Address(target, isEncrypted, isPrivate), Address.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "example.com", "grpcs://example.com", "ftp://example.com:1", "https://a/b",
        "https://ann:secret@example.com"})
  void aWrongAddressIsToldWhatIsAccepted(String text) {
    var error = assertThrows(IllegalArgumentException.class, () -> Address.parse(text));
    assertTrue(error.getMessage().contains("accepted are https://host"), error.getMessage());
    assertFalse(error.getMessage().contains("secret"), error.getMessage());
  }

  @Test
  void aKeyIsNotSentInPlaintextToAnotherMachine() {
    Access access = Access.anonymous().withApiKey("ltk_secret");
    for (String address : new String[] {"10.0.0.1:7", "http://example.com", "dns:///a.b:7"}) {
      var error =
          assertThrows(
              IllegalArgumentException.class, () -> LongtakeClient.connect(address, access));
      assertTrue(error.getMessage().contains("TLS only"), error.getMessage());
    }
  }

  @Test
  void aLoopbackAddressNeedsNoTls() {
    Access access = Access.anonymous().withApiKey("ltk_key");
    assertTrue(
        access.credentials(Address.parse("localhost:7")) instanceof InsecureChannelCredentials);
    assertTrue(
        access.credentials(Address.parse("https://localhost")) instanceof TlsChannelCredentials);
  }

  @Test
  void filesThatDoNotSuitAreNamed() {
    Access missing = Access.anonymous().withCa(Path.of("nowhere.pem"));
    Address secured = Address.parse("https://localhost");
    assertThrows(IllegalArgumentException.class, () -> missing.credentials(secured));
    assertThrows(
        IllegalArgumentException.class, () -> missing.credentials(Address.parse("localhost:7")));
  }

  @Test
  void theEnvironmentGivesTheKey() {
    Metadata headers = new Metadata();
    Access.from(Map.of("LONGTAKE_API_KEY", "ltk_key")).withMetadata("x-route", "blue")
        .identify(headers);
    assertEquals("Bearer ltk_key", headers.get(AUTHORIZATION));
    assertEquals(
        "blue", headers.get(Metadata.Key.of("x-route", Metadata.ASCII_STRING_MARSHALLER)));
  }

  @Test
  void eachCallAsksForAToken() {
    int[] asked = {0};
    Access access = Access.anonymous().withToken(() -> "token " + ++asked[0]);
    access.identify(new Metadata());
    Metadata headers = new Metadata();
    access.identify(headers);
    assertEquals("Bearer token 2", headers.get(AUTHORIZATION));
  }
}

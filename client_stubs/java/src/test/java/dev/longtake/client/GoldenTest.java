// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.longtake.v1.GenerateVideosOperation;
import dev.longtake.v1.GenerateVideosRequest;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GoldenTest {
  private static final Path FOLDER = Path.of("../../tests/golden");
  private static final TypeRegistry DETAILS =
      TypeRegistry.newBuilder()
          .add(
              List.of(
                  ErrorInfo.getDescriptor(),
                  BadRequest.getDescriptor(),
                  RetryInfo.getDescriptor()))
          .build();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "generate_videos_request",
        "operation_running",
        "operation_succeeded",
        "operation_failed"
      })
  void areReadAndWrittenAgainByteForByte(String name) throws IOException {
    byte[] binary = Files.readAllBytes(FOLDER.resolve(name + ".binpb"));
    Message kind =
        name.startsWith("operation")
            ? GenerateVideosOperation.getDefaultInstance()
            : GenerateVideosRequest.getDefaultInstance();
    Message ofBinary = kind.getParserForType().parseFrom(binary);
    Message.Builder ofJson = kind.newBuilderForType();
    String text = Files.readString(FOLDER.resolve(name + ".json"));
    JsonFormat.parser().usingTypeRegistry(DETAILS).merge(text, ofJson);

    assertEquals(ofBinary, ofJson.build());
    assertArrayEquals(binary, deterministic(ofJson.build()));
  }

  @Test
  void theErrorOfAnOperationIsDecoded() throws IOException {
    byte[] binary = Files.readAllBytes(FOLDER.resolve("operation_failed.binpb"));
    ErrorDetails error = ErrorDetails.of(GenerateVideosOperation.parseFrom(binary).getError());

    assertEquals(Status.Code.RESOURCE_EXHAUSTED, error.code());
    assertEquals("ATTEMPTS_EXHAUSTED", error.reason());
    assertEquals(Map.of("upstream", "agent_platform"), error.metadata());
    assertEquals(Duration.ofMillis(1250), error.retryDelay());
    assertEquals(
        "RESOURCE_EXHAUSTED: The upstream has no quota left; "
            + "config.duration_seconds: 5 is not accepted; accepted are 4, 6, 8",
        error.toString());
  }

  private static byte[] deterministic(Message message) throws IOException {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream output = CodedOutputStream.newInstance(bytes);
    output.useDeterministicSerialization();
    message.writeTo(output);
    output.checkNoSpaceLeft();
    return bytes;
  }
}

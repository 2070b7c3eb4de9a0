// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The error of a call or an operation, with its google.rpc details decoded.
 *
 * @param code the gRPC code
 * @param message what happened
 * @param reason the name of an ErrorReason of the contract without its prefix, or "" if the
 *     error does not come from the server
 * @param metadata the variable parts of the message
 * @param violations every invalid field of the request
 * @param retryDelay how long the server asks to wait before a retry, or zero
 */
public record ErrorDetails(
    Status.Code code,
    String message,
    String reason,
    Map<String, String> metadata,
    List<Violation> violations,
    Duration retryDelay) {

  /** Decodes an exception of a call. */
  public static ErrorDetails of(Throwable error) {
    com.google.rpc.Status sent = StatusProto.fromThrowable(error);
    if (sent != null) {
      return of(sent);
    }
    Status status = Status.fromThrowable(error);
    String message = status.getDescription() == null ? "" : status.getDescription();
    return new ErrorDetails(status.getCode(), message, "", Map.of(), List.of(), Duration.ZERO);
  }

  /** Decodes the error of an operation. */
  public static ErrorDetails of(com.google.rpc.Status status) {
    String reason = "";
    Map<String, String> metadata = Map.of();
    List<Violation> violations = new ArrayList<>();
    Duration retryDelay = Duration.ZERO;
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          reason = info.getReason();
          metadata = info.getMetadataMap();
        } else if (detail.is(BadRequest.class)) {
          for (var wrong : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            violations.add(new Violation(wrong.getField(), wrong.getDescription()));
          }
        } else if (detail.is(RetryInfo.class)) {
          var delay = detail.unpack(RetryInfo.class).getRetryDelay();
          retryDelay = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
        }
      }
    } catch (InvalidProtocolBufferException broken) {
      // A proxy changed the details, so only the code and the message are left.
      return of(status.toBuilder().clearDetails().build());
    }
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    return new ErrorDetails(
        code, status.getMessage(), reason, metadata, List.copyOf(violations), retryDelay);
  }

  /** Returns the message and every violation once, on one line. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(oneLine(message.isBlank() ? reason : message));
    for (Violation violation : violations) {
      String description = oneLine(violation.description());
      if (text.indexOf(description) < 0) {
        text.append("; ").append(violation.field()).append(": ").append(description);
      }
    }
    return code + ": " + text;
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import dev.longtake.v1.GenerateVideosRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.MethodDescriptor;
import java.util.UUID;

/** Gives each generation a request id, so that a repeated call starts no second one. */
public final class RequestIds implements ClientInterceptor {
  /** Returns the request as it is if it has an id, else with a new one. */
  public static GenerateVideosRequest withRequestId(GenerateVideosRequest request) {
    if (!request.getRequestId().isEmpty()) {
      return request;
    }
    return request.toBuilder().setRequestId(UUID.randomUUID().toString()).build();
  }

  @Override
  public <RequestT, ResponseT> ClientCall<RequestT, ResponseT> interceptCall(
      MethodDescriptor<RequestT, ResponseT> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      @SuppressWarnings("unchecked") // the type that it had
      public void sendMessage(RequestT message) {
        if (message instanceof GenerateVideosRequest request) {
          message = (RequestT) withRequestId(request);
        }
        super.sendMessage(message);
      }
    };
  }
}

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

/** Sets the request id of each generation, so a repeated call does not start a second one. */
public final class RequestIds implements ClientInterceptor {
  /** Returns the request, with a new id if it has none. */
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
      @SuppressWarnings("unchecked") // the request keeps its type
      public void sendMessage(RequestT message) {
        if (message instanceof GenerateVideosRequest request) {
          message = (RequestT) withRequestId(request);
        }
        super.sendMessage(message);
      }
    };
  }
}

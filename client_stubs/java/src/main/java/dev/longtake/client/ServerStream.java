// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/**
 * The messages of one call. Closing it ends the call.
 *
 * <p>A stub's iterator can be ended only through its Context. A channel may run its health check in
 * the Context of the call that opened the connection, so cancelling that Context would end both.
 */
final class ServerStream<ResponseT> implements AutoCloseable {
  /** The longest duration of a stream before it is resumed, so a stream cannot hang forever. */
  static final long LONGEST_SECONDS = 600;

  private final ClientCall<?, ResponseT> call;
  private final Iterator<ResponseT> messages;

  private ServerStream(ClientCall<?, ResponseT> call, Iterator<ResponseT> messages) {
    this.call = call;
    this.messages = messages;
  }

  static <RequestT, ResponseT> ServerStream<ResponseT> open(
      Channel channel, MethodDescriptor<RequestT, ResponseT> method, RequestT request) {
    return open(channel, method, request, LONGEST_SECONDS);
  }

  static <RequestT, ResponseT> ServerStream<ResponseT> open(
      Channel channel,
      MethodDescriptor<RequestT, ResponseT> method,
      RequestT request,
      long longestSeconds) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(longestSeconds, TimeUnit.SECONDS);
    ClientCall<RequestT, ResponseT> call = channel.newCall(method, options);
    return new ServerStream<>(call, ClientCalls.blockingServerStreamingCall(call, request));
  }

  /** Waits for a message and returns it, or null at the end of the stream. */
  ResponseT next() {
    return messages.hasNext() ? messages.next() : null;
  }

  @Override
  public void close() {
    call.cancel("it is no longer read", null);
  }
}

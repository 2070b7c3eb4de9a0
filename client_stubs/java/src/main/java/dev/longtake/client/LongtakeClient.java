// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import dev.longtake.v1.VideoServiceGrpc;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A connection to a server. Safe for concurrent use.
 *
 * <p>Its stubs have every call of the contract. {@link #watch}, {@link #watchAll} and {@link
 * #download} resume after a broken connection. All failures throw {@link io.grpc.StatusRuntimeException}, which {@link
 * ErrorDetails#of(Throwable)} decodes.
 */
public final class LongtakeClient implements AutoCloseable {
  private static final String DEFAULT_ADDRESS = "localhost:50051";
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private final ManagedChannel channel;
  private final Resumption resumption;

  private LongtakeClient(ManagedChannel channel, Resumption resumption) {
    this.channel = channel;
    this.resumption = resumption;
  }

  /** Connects to LONGTAKE_ADDRESS, or to localhost:50051, at the first call. */
  public static LongtakeClient connect() {
    return connect(System.getenv().getOrDefault("LONGTAKE_ADDRESS", DEFAULT_ADDRESS));
  }

  /** Connects to an address at the first call, with the access of {@link Access#fromEnvironment}. */
  public static LongtakeClient connect(String address) {
    return connect(address, Access.fromEnvironment());
  }

  /**
   * Connects to an address at the first call. {@code https://host} and {@code grpcs://host:port} use
   * TLS; {@code http://host:port}, {@code grpc://host:port} and {@code host:port} do not.
   *
   * @throws IllegalArgumentException if the address is none, or the access does not suit it
   */
  public static LongtakeClient connect(String address, Access access) {
    Address parsed = Address.parse(address);
    var builder = Grpc.newChannelBuilder(parsed.target(), access.credentials(parsed));
    return connect(builder.intercept(new Identification(access)));
  }

  /** Connects with a channel builder, for example one with TLS. Adds the client's options to it. */
  public static LongtakeClient connect(ManagedChannelBuilder<?> builder) {
    return connect(builder, Resumption.DEFAULT);
  }

  static LongtakeClient connect(ManagedChannelBuilder<?> builder, Resumption resumption) {
    ManagedChannel channel =
        builder
            .defaultServiceConfig(ServiceConfig.load())
            .enableRetry()
            // gRPC retries only requests that fit into this buffer. Requests with images exceed the
            // default.
            .perRpcBufferLimit(MAX_MESSAGE_BYTES)
            .retryBufferSize(4L * MAX_MESSAGE_BYTES)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            // Detects dead connections. The heartbeats of watches are more frequent than these
            // pings, so servers do not reject the pings as too many.
            .keepAliveTime(60, TimeUnit.SECONDS)
            .keepAliveTimeout(20, TimeUnit.SECONDS)
            .intercept(new RequestIds())
            .build();
    return new LongtakeClient(channel, resumption);
  }

  /** Returns the stub whose calls block until the response arrives. */
  public VideoServiceGrpc.VideoServiceBlockingStub blocking() {
    return VideoServiceGrpc.newBlockingStub(channel);
  }

  /** Returns the stub whose calls notify a StreamObserver. */
  public VideoServiceGrpc.VideoServiceStub async() {
    return VideoServiceGrpc.newStub(channel);
  }

  /** Returns the stub whose unary calls return futures. */
  public VideoServiceGrpc.VideoServiceFutureStub future() {
    return VideoServiceGrpc.newFutureStub(channel);
  }

  /**
   * Returns a watch of an operation, {@code operations/{id}}, from its current state to its end.
   */
  public Watch watch(String name) {
    return watch(name, 0);
  }

  /** Returns a watch that skips states up to a revision. */
  public Watch watch(String name, long afterRevision) {
    return new Watch(this, name, afterRevision);
  }

  /**
   * Returns a watch of all operations that match a filter of the contract, such as {@code state =
   * RUNNING}; an empty one means all. First comes the current state of each operation, then {@link
   * OperationEvent.InitialSetComplete}, then changes as they happen.
   */
  public WatchAll watchAll(String filter) {
    return watchAll(filter, "");
  }

  /** Returns a watch that skips what happened up to a position of an earlier one. */
  public WatchAll watchAll(String filter, String afterPosition) {
    return new WatchAll(this, filter, afterPosition);
  }

  /**
   * Writes the bytes of a video, {@code operations/{id}/videos/{index}}, and verifies the size and
   * the SHA-256 that the server reports. If they differ, it throws DATA_LOSS, and you must discard
   * what was written.
   */
  public DownloadedVideo download(String name, OutputStream to) throws IOException {
    return new Download(this, name, to).run();
  }

  /** Downloads a video to a file, which appears only when it is complete. */
  public DownloadedVideo download(String name, Path path) throws IOException {
    return Download.toFile(this, name, path);
  }

  /** Closes the connection and ends every call on it. */
  @Override
  public void close() {
    channel.shutdownNow();
  }

  Channel channel() {
    return channel;
  }

  Backoff newBackoff() {
    // A channel waits up to two minutes before it reconnects, which would delay a watch.
    return new Backoff(resumption, channel::resetConnectBackoff);
  }
}

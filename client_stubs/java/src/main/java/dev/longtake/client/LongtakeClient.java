// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import dev.longtake.v1.VideoServiceGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A connection to a server, for any number of threads.
 *
 * <p>Its stubs have every call of the contract. {@link #watch} and {@link #download} go on where
 * a connection broke. Whatever fails throws {@link io.grpc.StatusRuntimeException}, which
 * {@link ErrorDetails#of(Throwable)} decodes.
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

  /** Connects to LONGTAKE_ADDRESS, else to localhost:50051, when first used; unencrypted. */
  public static LongtakeClient connect() {
    return connect(System.getenv().getOrDefault("LONGTAKE_ADDRESS", DEFAULT_ADDRESS));
  }

  /** Connects to an address, when first used; unencrypted. */
  public static LongtakeClient connect(String address) {
    return connect(ManagedChannelBuilder.forTarget(address).usePlaintext());
  }

  /** Connects by a builder, for example one with TLS, to which the client's options are added. */
  public static LongtakeClient connect(ManagedChannelBuilder<?> builder) {
    return connect(builder, Resumption.DEFAULT);
  }

  static LongtakeClient connect(ManagedChannelBuilder<?> builder, Resumption resumption) {
    ManagedChannel channel =
        builder
            .defaultServiceConfig(ServiceConfig.load())
            .enableRetry()
            // A request that does not fit is not retried; the default would leave images out.
            .perRpcBufferLimit(MAX_MESSAGE_BYTES)
            .retryBufferSize(4L * MAX_MESSAGE_BYTES)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            // Finds connections that died in silence. Watches carry heartbeats more often than
            // servers allow pings, so that no server takes these for too many.
            .keepAliveTime(60, TimeUnit.SECONDS)
            .keepAliveTimeout(20, TimeUnit.SECONDS)
            .intercept(new RequestIds())
            .build();
    return new LongtakeClient(channel, resumption);
  }

  /** Returns the stub whose calls wait for their answers. */
  public VideoServiceGrpc.VideoServiceBlockingStub blocking() {
    return VideoServiceGrpc.newBlockingStub(channel);
  }

  /** Returns the stub whose calls tell a StreamObserver. */
  public VideoServiceGrpc.VideoServiceStub async() {
    return VideoServiceGrpc.newStub(channel);
  }

  /** Returns the stub whose unary calls return futures. */
  public VideoServiceGrpc.VideoServiceFutureStub future() {
    return VideoServiceGrpc.newFutureStub(channel);
  }

  /** Returns a watch of an operation, {@code operations/{id}}, from its state now to its end. */
  public Watch watch(String name) {
    return watch(name, 0);
  }

  /** Returns a watch that leaves out what is not newer than a revision. */
  public Watch watch(String name, long afterRevision) {
    return new Watch(this, name, afterRevision);
  }

  /**
   * Writes the bytes of a video, {@code operations/{id}/videos/{index}}, and compares them with
   * the size and the SHA-256 that the server tells. Where they differ it throws DATA_LOSS, and
   * what was written is worthless.
   */
  public DownloadedVideo download(String name, OutputStream to) throws IOException {
    return new Download(this, name, to).run();
  }

  /** Downloads a video into a file, which appears only when it is whole. */
  public DownloadedVideo download(String name, Path path) throws IOException {
    return Download.toFile(this, name, path);
  }

  /** Ends the connection and every call on it. */
  @Override
  public void close() {
    channel.shutdownNow();
  }

  Channel channel() {
    return channel;
  }

  Backoff newBackoff() {
    // A channel waits up to two minutes before it connects anew, which would hold up a watch.
    return new Backoff(resumption, channel::resetConnectBackoff);
  }
}

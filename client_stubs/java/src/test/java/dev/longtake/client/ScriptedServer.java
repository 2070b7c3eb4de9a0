// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import com.google.api.HttpBody;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import dev.longtake.v1.DownloadVideoRequest;
import dev.longtake.v1.DownloadVideoResponse;
import dev.longtake.v1.GenerateVideosOperation;
import dev.longtake.v1.GenerateVideosRequest;
import dev.longtake.v1.Video;
import dev.longtake.v1.VideoServiceGrpc;
import dev.longtake.v1.WatchOperationRequest;
import dev.longtake.v1.WatchOperationResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

/** A server with a script of what each stream sends and how it ends, and a client of it. */
final class ScriptedServer extends VideoServiceGrpc.VideoServiceImplBase implements AutoCloseable {
  /** The script of one stream. OK ends it without an error. */
  record Script<T>(List<T> messages, Status end) {}

  final List<GenerateVideosRequest> generated = new ArrayList<>();
  final List<Long> watchedAfter = new ArrayList<>();
  final List<Long> downloadedFrom = new ArrayList<>();
  final List<Duration> waits = new ArrayList<>();
  final Deque<Script<WatchOperationResponse>> watches = new ArrayDeque<>();
  final Deque<Script<DownloadVideoResponse>> downloads = new ArrayDeque<>();
  Status refusal = Status.UNAVAILABLE;
  final LongtakeClient client;
  private final Server server;

  ScriptedServer() throws IOException {
    String name = UUID.randomUUID().toString();
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus(VideoServiceGrpc.SERVICE_NAME, ServingStatus.SERVING);
    server =
        InProcessServerBuilder.forName(name)
            .addService(this)
            .addService(health.getHealthService())
            .build()
            .start();
    Resumption usual = Resumption.DEFAULT;
    Resumption counted =
        new Resumption(
            usual.initial(),
            usual.multiplier(),
            usual.max(),
            usual.attempts(),
            () -> 1,
            waits::add);
    client = LongtakeClient.connect(InProcessChannelBuilder.forName(name), counted);
  }

  static WatchOperationResponse state(long revision, boolean done) {
    var operation = GenerateVideosOperation.newBuilder().setRevision(revision).setDone(done);
    return WatchOperationResponse.newBuilder().setOperation(operation).build();
  }

  static DownloadVideoResponse chunk(String data) {
    var body = HttpBody.newBuilder().setData(ByteString.copyFromUtf8(data));
    return DownloadVideoResponse.newBuilder().setChunk(body).build();
  }

  static DownloadVideoResponse facts(String data, String sha256) {
    int size = data.getBytes(StandardCharsets.UTF_8).length;
    var video =
        Video.newBuilder().setSizeBytes(size).setSha256(sha256).setMimeType("video/mp4");
    return DownloadVideoResponse.newBuilder().setVideo(video).build();
  }

  @Override
  public void generateVideos(
      GenerateVideosRequest request, StreamObserver<GenerateVideosOperation> answer) {
    generated.add(request);
    if (generated.size() == 1) {
      answer.onError(refusal.asRuntimeException());
      return;
    }
    answer.onNext(GenerateVideosOperation.newBuilder().setName("operations/1").build());
    answer.onCompleted();
  }

  @Override
  public void watchOperation(
      WatchOperationRequest request, StreamObserver<WatchOperationResponse> answer) {
    watchedAfter.add(request.getAfterRevision());
    play(watches.remove(), answer);
  }

  @Override
  public void downloadVideo(
      DownloadVideoRequest request, StreamObserver<DownloadVideoResponse> answer) {
    downloadedFrom.add(request.getReadOffset());
    play(downloads.remove(), answer);
  }

  private static <T> void play(Script<T> script, StreamObserver<T> answer) {
    script.messages().forEach(answer::onNext);
    if (script.end().isOk()) {
      answer.onCompleted();
    } else {
      answer.onError(failure(script.end()));
    }
  }

  /** Returns the error of a stream. UNAUTHENTICATED has the details of an expired credential. */
  private static StatusRuntimeException failure(Status end) {
    if (end.getCode() != Status.Code.UNAUTHENTICATED) {
      return end.asRuntimeException();
    }
    var info = ErrorInfo.newBuilder().setReason("CREDENTIAL_EXPIRED").setDomain("longtake.dev");
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(end.getCode().value())
            .addDetails(Any.pack(info.build()))
            .build());
  }

  @Override
  public void close() {
    client.close();
    server.shutdownNow();
  }
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.conformance;

import com.google.gson.Gson;
import dev.longtake.client.ErrorDetails;
import dev.longtake.client.LongtakeClient;
import dev.longtake.client.RequestIds;
import dev.longtake.client.Watch;
import dev.longtake.v1.CancelOperationRequest;
import dev.longtake.v1.GenerateVideosConfig;
import dev.longtake.v1.GenerateVideosOperation;
import dev.longtake.v1.GenerateVideosRequest;
import dev.longtake.v1.GetOperationRequest;
import dev.longtake.v1.ListOperationsRequest;
import dev.longtake.v1.WatchOperationsRequest;
import dev.longtake.v1.WatchOperationsResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Runs the steps that the client of every language must pass. See tests/polyglot/conformance.py.
 */
public final class Conformance {
  private static final String MODEL = "veo-3.1-lite-generate-001";

  private final LongtakeClient client;

  private Conformance(LongtakeClient client) {
    this.client = client;
  }

  public static void main(String[] arguments) throws IOException {
    try (LongtakeClient client = LongtakeClient.connect(arguments[0])) {
      Conformance conformance = new Conformance(client);
      conformance.invalid();
      String name = conformance.generatedOnce();
      GenerateVideosOperation last = conformance.watched(name);
      String video = last.getResponse().getGeneratedVideos(0).getName();
      conformance.downloaded(video, Path.of(arguments[1]));
      conformance.listed(name);
      conformance.cancelled();
      conformance.deadline(name);
      conformance.clientCancelled();
    }
  }

  private void invalid() {
    try {
      client.blocking().generateVideos(request("x", 5, "1:1"));
    } catch (StatusRuntimeException error) {
      ErrorDetails details = ErrorDetails.of(error);
      tell(
          "invalid",
          Map.of(
              "code", details.code(),
              "reason", details.reason(),
              "violations", details.violations()));
    }
  }

  private String generatedOnce() {
    GenerateVideosRequest request = RequestIds.withRequestId(request("conformance", 4, ""));
    String name = "";
    for (int call = 0; call < 2; call++) {
      name = client.blocking().generateVideos(request).getName();
      tell("generated", Map.of("name", name, "request_id", request.getRequestId()));
    }
    return name;
  }

  private GenerateVideosOperation watched(String name) {
    List<Long> revisions = new ArrayList<>();
    List<String> states = new ArrayList<>();
    GenerateVideosOperation operation = null;
    try (Watch watch = client.watch(name)) {
      while (watch.hasNext()) {
        operation = watch.next();
        revisions.add(operation.getRevision());
        states.add(operation.getMetadata().getState().name());
        if (revisions.size() == 1) {
          tell("watching", Map.of("revision", operation.getRevision()));
        }
      }
      tell(
          "watched",
          Map.of(
              "revisions", revisions,
              "states", states,
              "reconnects", watch.reconnects(),
              "done", operation.getDone()));
    }
    return operation;
  }

  private void downloaded(String video, Path path) throws IOException {
    var downloaded = client.download(video, path);
    tell("downloaded", Map.of("size", downloaded.sizeBytes(), "sha256", downloaded.sha256()));
  }

  private void listed(String name) {
    var page =
        client
            .blocking()
            .listOperations(ListOperationsRequest.newBuilder().setFilter("done = true").build());
    boolean found = page.getOperationsList().stream().anyMatch(one -> one.getName().equals(name));
    tell("listed", Map.of("found", found));
  }

  private void cancelled() {
    var operation = client.blocking().generateVideos(request("cancel me [sim:never]", 4, ""));
    client
        .blocking()
        .cancelOperation(CancelOperationRequest.newBuilder().setName(operation.getName()).build());
    try (Watch watch = client.watch(operation.getName())) {
      while (watch.hasNext()) {
        operation = watch.next();
      }
    }
    tell(
        "cancelled",
        Map.of(
            "state", operation.getMetadata().getState().name(),
            "reason", ErrorDetails.of(operation.getError()).reason()));
  }

  private void deadline(String name) {
    String code = "OK";
    var request = GetOperationRequest.newBuilder().setName(name).build();
    for (int call = 0; call < 100 && code.equals("OK"); call++) {
      try {
        client.blocking().withDeadlineAfter(1, TimeUnit.MILLISECONDS).getOperation(request);
      } catch (StatusRuntimeException error) {
        code = ErrorDetails.of(error).code().name();
      }
    }
    tell("deadline", Map.of("code", code));
  }

  private void clientCancelled() {
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    client.async().watchOperations(
        WatchOperationsRequest.getDefaultInstance(), new CancelsAtOnce(end));
    tell("client_cancelled", Map.of("code", ErrorDetails.of(end.join()).code()));
  }

  /** Cancels the call at the first message. */
  private static final class CancelsAtOnce
      implements ClientResponseObserver<WatchOperationsRequest, WatchOperationsResponse> {
    private final CompletableFuture<Throwable> end;
    private ClientCallStreamObserver<WatchOperationsRequest> call;

    CancelsAtOnce(CompletableFuture<Throwable> end) {
      this.end = end;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchOperationsRequest> stream) {
      call = stream;
    }

    @Override
    public void onNext(WatchOperationsResponse message) {
      call.cancel("it has seen enough", null);
    }

    @Override
    public void onError(Throwable error) {
      end.complete(error);
    }

    @Override
    public void onCompleted() {
      end.completeExceptionally(new IllegalStateException("the watch ended by itself"));
    }
  }

  /**
   * Returns a request for a video of a duration in seconds. With "", the model chooses the aspect
   * ratio.
   */
  private static GenerateVideosRequest request(String prompt, int seconds, String aspect) {
    var config = GenerateVideosConfig.newBuilder().setDurationSeconds(seconds);
    if (!aspect.isEmpty()) {
      config.setAspectRatio(aspect);
    }
    return GenerateVideosRequest.newBuilder()
        .setModel(MODEL)
        .setPrompt(prompt)
        .setConfig(config)
        .build();
  }

  private static void tell(String step, Map<String, ?> facts) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    line.putAll(facts);
    System.out.println(new Gson().toJson(line));
  }
}

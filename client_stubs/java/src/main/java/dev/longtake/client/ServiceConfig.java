// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import dev.longtake.v1.VideoServiceGrpc;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The retries, shared by the clients of all languages, and the load balancing.
 *
 * <p>Calls are repeated after UNAVAILABLE, and after CANCELLED, which a stopping server answers.
 * Either may hide that the server has acted, so GenerateVideos is safe to repeat only because each
 * request has a request id. gRPC does not repeat a call that its caller cancels.
 */
final class ServiceConfig {
  private ServiceConfig() {}

  /** Returns the shared config with health checks and round-robin balancing. */
  static Map<String, ?> load() {
    Map<String, Object> config = new HashMap<>(shared());
    config.put("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));
    config.put("healthCheckConfig", Map.of("serviceName", VideoServiceGrpc.SERVICE_NAME));
    return config;
  }

  private static Map<String, Object> shared() {
    try (InputStream file = ServiceConfig.class.getResourceAsStream("service_config.json");
        InputStreamReader reader = new InputStreamReader(file, StandardCharsets.UTF_8)) {
      // Numbers become Double, as gRPC requires.
      return new Gson().fromJson(reader, new TypeToken<Map<String, Object>>() {});
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}

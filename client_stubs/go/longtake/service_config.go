// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	_ "embed"
	"encoding/json"
	"fmt"

	// Adds health checks, which the service config turns on.
	_ "google.golang.org/grpc/health"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// The retries, shared by the clients of all languages. They repeat calls after UNAVAILABLE, and
// after CANCELLED, which a stopping server answers. Either may hide that the server has acted, so
// GenerateVideos is safe to repeat only because each request has a request_id. gRPC does not
// repeat a call whose context has ended.
//
//go:embed service_config.json
var sharedServiceConfig []byte

// Returns the shared service config with health checks and round-robin balancing.
func serviceConfig() string {
	config := map[string]any{}
	if err := json.Unmarshal(sharedServiceConfig, &config); err != nil {
		panic(fmt.Sprintf("longtake: the embedded service config is broken: %v", err))
	}
	config["loadBalancingConfig"] = []any{map[string]any{"round_robin": map[string]any{}}}
	config["healthCheckConfig"] = map[string]any{
		"serviceName": longtakev1.VideoService_ServiceDesc.ServiceName,
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(fmt.Sprintf("longtake: the embedded service config is broken: %v", err))
	}
	return string(text)
}

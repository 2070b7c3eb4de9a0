// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// A server with a script of what each stream sends and how it ends.
type scripted struct {
	longtakev1.UnimplementedVideoServiceServer

	// What the first GenerateVideos gets.
	refusal   error
	generated []*longtakev1.GenerateVideosRequest
	watches   []watchScript
	watched   []*longtakev1.WatchOperationRequest
	// What each WatchOperations gets.
	watchAlls  []watchAllScript
	watchedAll []*longtakev1.WatchOperationsRequest
	downloads  []downloadScript
	asked      []*longtakev1.DownloadVideoRequest
}

type watchAllScript struct {
	messages []*longtakev1.WatchOperationsResponse
	end      error
}

type watchScript struct {
	operations []*longtakev1.GenerateVideosOperation
	end        error
}

type downloadScript struct {
	messages []*longtakev1.DownloadVideoResponse
	end      error
}

func (s *scripted) GenerateVideos(
	_ context.Context, request *longtakev1.GenerateVideosRequest,
) (*longtakev1.GenerateVideosOperation, error) {
	s.generated = append(s.generated, request)
	if len(s.generated) == 1 {
		return nil, s.refusal
	}
	return &longtakev1.GenerateVideosOperation{Name: "operations/1"}, nil
}

func (s *scripted) WatchOperation(
	request *longtakev1.WatchOperationRequest,
	stream grpc.ServerStreamingServer[longtakev1.WatchOperationResponse],
) error {
	script := s.watches[len(s.watched)]
	s.watched = append(s.watched, request)
	for _, operation := range script.operations {
		event := &longtakev1.WatchOperationResponse_Operation{Operation: operation}
		if err := stream.Send(&longtakev1.WatchOperationResponse{Event: event}); err != nil {
			return err
		}
	}
	return script.end
}

func (s *scripted) WatchOperations(
	request *longtakev1.WatchOperationsRequest,
	stream grpc.ServerStreamingServer[longtakev1.WatchOperationsResponse],
) error {
	script := s.watchAlls[len(s.watchedAll)]
	s.watchedAll = append(s.watchedAll, request)
	for _, message := range script.messages {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	return script.end
}

func (s *scripted) DownloadVideo(
	request *longtakev1.DownloadVideoRequest,
	stream grpc.ServerStreamingServer[longtakev1.DownloadVideoResponse],
) error {
	script := s.downloads[len(s.asked)]
	s.asked = append(s.asked, request)
	for _, message := range script.messages {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	return script.end
}

var (
	unavailable = status.Error(codes.Unavailable, "gone for now")
	// What gRPC of a stopping server answers to calls that still arrive.
	stopping = status.Error(codes.Canceled, "cancelling all calls")
)

// Returns a client of the server that records its delays instead of waiting.
func connected(t *testing.T, server *scripted) (*Client, *[]time.Duration) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := grpc.NewServer()
	longtakev1.RegisterVideoServiceServer(serving, server)
	healthy := health.NewServer()
	healthy.SetServingStatus("longtake.v1.VideoService", healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(serving, healthy)
	go func() { _ = serving.Serve(listener) }()
	t.Cleanup(serving.Stop)
	client, err := Connect(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	waits := []time.Duration{}
	client.retry.jitter = func() float64 { return 1 }
	client.retry.wait = func(ctx context.Context, duration time.Duration) error {
		waits = append(waits, duration)
		return ctx.Err()
	}
	return client, &waits
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Package longtake is the client of Longtake, a gRPC service for generated video.
//
// It adds to the generated code of longtake.dev/client/longtake/v1 what every caller
// needs: request ids, retries, watches and downloads that resume, and errors with
// their details.
package longtake

import (
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	longtakev1 "longtake.dev/client/longtake/v1"
)

const (
	defaultAddress  = "localhost:50051"
	maxMessageBytes = 64 << 20
)

// Client is a connection to a server. It has every call of the contract, whose errors
// are of type *Error, and besides them Watch and Download. It may be used by many
// goroutines at once.
type Client struct {
	longtakev1.VideoServiceClient

	connection *grpc.ClientConn
	retry      RetryPolicy
}

// Connect returns a client of the address given, else of LONGTAKE_ADDRESS, else of
// localhost:50051. It connects with the first call.
//
// The connection is not encrypted unless the options say so, by
// grpc.WithTransportCredentials. They come last, so that they can change everything.
func Connect(address string, options ...grpc.DialOption) (*Client, error) {
	if address == "" {
		address = os.Getenv("LONGTAKE_ADDRESS")
	}
	if address == "" {
		address = defaultAddress
	}
	connection, err := grpc.NewClient(address, append(dialOptions(), options...)...)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	return &Client{
		VideoServiceClient: longtakev1.NewVideoServiceClient(connection),
		connection:         connection,
		retry:              DefaultRetryPolicy(),
	}, nil
}

// Close ends the connection and every call on it.
func (c *Client) Close() error { return c.connection.Close() }

func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig()),
		grpc.WithChainUnaryInterceptor(unaryErrors, requestIDs),
		grpc.WithChainStreamInterceptor(streamErrors),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(maxMessageBytes),
			// A request that does not fit is not retried; the default would leave images out.
			grpc.MaxRetryRPCBufferSize(maxMessageBytes),
		),
		// Finds connections that died in silence. Watches carry heartbeats more often than
		// servers allow pings, so that no server takes these for too many.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: time.Minute, Timeout: 20 * time.Second,
		}),
		// The default of two minutes would hold up a watch after the server's restart.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 500 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2,
				MaxDelay: 10 * time.Second,
			},
			MinConnectTimeout: 20 * time.Second,
		}),
	}
}

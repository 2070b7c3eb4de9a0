// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Package longtake is the client of Longtake, a gRPC service for generated video.
//
// To the generated code of longtake.dev/client/longtake/v1 it adds request ids,
// retries, watches and downloads that resume, and errors with decoded details.
package longtake

import (
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	longtakev1 "longtake.dev/client/longtake/v1"
)

const (
	defaultAddress  = "localhost:50051"
	maxMessageBytes = 64 << 20
)

// Client is a connection to a server. It has a method for every call of the contract,
// and also Watch, WatchAll and Download. Errors of calls are of type *Error. A Client is safe for
// concurrent use.
type Client struct {
	longtakev1.VideoServiceClient

	connection *grpc.ClientConn
	retry      RetryPolicy
}

// Connect returns a client of the given address, with the access that
// AccessFromEnvironment returns. If the address is empty, it is LONGTAKE_ADDRESS or
// localhost:50051. The client connects at its first call.
//
// https:// and grpcs:// addresses use TLS; http://, grpc:// and host:port do not. The
// options are applied last, so they override the defaults.
func Connect(address string, options ...grpc.DialOption) (*Client, error) {
	return ConnectWith(address, AccessFromEnvironment(), options...)
}

// ConnectWith returns a client like Connect, with the given access.
func ConnectWith(address string, access Access, options ...grpc.DialOption) (*Client, error) {
	if address == "" {
		address = os.Getenv("LONGTAKE_ADDRESS")
	}
	if address == "" {
		address = defaultAddress
	}
	to, err := parseAddress(address)
	if err != nil {
		return nil, fmt.Errorf("the address: %w", err)
	}
	secured, err := access.options(to)
	if err != nil {
		return nil, err
	}
	all := append(append(dialOptions(), secured...), options...)
	connection, err := grpc.NewClient(to.name, all...)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w%s", address, err, access.advice(to))
	}
	retry := DefaultRetryPolicy()
	retry.refreshes = access.Token != nil
	return &Client{
		VideoServiceClient: longtakev1.NewVideoServiceClient(connection),
		connection:         connection,
		retry:              retry,
	}, nil
}

// Close closes the connection and ends every call on it.
func (c *Client) Close() error { return c.connection.Close() }

func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultServiceConfig(serviceConfig()),
		grpc.WithChainUnaryInterceptor(unaryErrors, requestIDs),
		grpc.WithChainStreamInterceptor(streamErrors),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(maxMessageBytes),
			// gRPC retries only requests that fit into this buffer. Requests with images exceed
			// the default.
			grpc.MaxRetryRPCBufferSize(maxMessageBytes),
		),
		// Detects dead connections. The heartbeats of watches are more frequent than these
		// pings, so servers do not reject the pings as too many.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: time.Minute, Timeout: 20 * time.Second,
		}),
		// The default of two minutes would delay watches after a restart of the server.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 500 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2,
				MaxDelay: 10 * time.Second,
			},
			MinConnectTimeout: 20 * time.Second,
		}),
	}
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"io"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// Sets the request_id of a GenerateVideos request that has none, in the caller's
// message, so repeating the call with this message does not start a second generation.
func requestIDs(
	ctx context.Context, method string, request, response any,
	connection *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if generate, ok := request.(*longtakev1.GenerateVideosRequest); ok && generate.RequestId == "" {
		generate.RequestId = uuid.NewString()
	}
	return call(ctx, method, request, response, connection, options...)
}

func unaryErrors(
	ctx context.Context, method string, request, response any,
	connection *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	return decoded(call(ctx, method, request, response, connection, options...))
}

func streamErrors(
	ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn,
	method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, description, connection, method, options...)
	if err != nil {
		return nil, decoded(err)
	}
	return decodedStream{stream}, nil
}

type decodedStream struct{ grpc.ClientStream }

func (s decodedStream) RecvMsg(message any) error {
	return decoded(s.ClientStream.RecvMsg(message))
}

func decoded(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return FromError(err)
}

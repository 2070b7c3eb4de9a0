// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"io"

	"google.golang.org/grpc"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// Watch is a watch of one operation. It resumes by itself if the stream breaks.
//
//	watch := client.Watch(ctx, operation.Name)
//	defer watch.Close()
//	for watch.Next() {
//		fmt.Println(watch.Operation().Metadata.State)
//	}
//	if err := watch.Err(); err != nil { ... }
type Watch struct {
	ctx    context.Context
	client *Client
	name   string

	stream    grpc.ServerStreamingClient[longtakev1.WatchOperationResponse]
	close     context.CancelFunc
	opened    int
	operation *longtakev1.GenerateVideosOperation
	seen      int64
	resume    int64
	failures  failures
	ended     bool
	err       error
}

// Watch returns a watch of an operation, from its current state to its end. The first
// Next starts the call.
func (c *Client) Watch(ctx context.Context, name string) *Watch {
	return c.WatchAfter(ctx, name, 0)
}

// WatchAfter returns a watch that skips states up to a revision.
func (c *Client) WatchAfter(ctx context.Context, name string, revision int64) *Watch {
	return &Watch{
		ctx: ctx, client: c, name: name, seen: revision, resume: revision,
		failures: failures{policy: c.retry},
	}
}

// Next waits for a newer state and reports whether there is one. After false, either
// the operation has ended, or Err returns why the watch ended. A failed generation is
// not an error of the watch: see OperationError.
func (w *Watch) Next() bool {
	for w.err == nil && !w.ended {
		operation, err := w.receive()
		if err != nil {
			w.err = w.broke(err)
		} else if operation != nil {
			w.operation = operation
			return true
		}
	}
	w.Close()
	return false
}

// Operation returns the state that Next received.
func (w *Watch) Operation() *longtakev1.GenerateVideosOperation { return w.operation }

// Err returns an *Error if the watch ended before the operation, or nil.
func (w *Watch) Err() error { return w.err }

// Reconnects returns how often the stream was reopened.
func (w *Watch) Reconnects() int { return max(0, w.opened-1) }

// Close ends the watch. The generation continues.
func (w *Watch) Close() {
	if w.close != nil {
		w.close()
	}
	w.stream, w.close = nil, nil
}

// Returns the next newer state, or nil.
func (w *Watch) receive() (*longtakev1.GenerateVideosOperation, error) {
	if w.stream == nil {
		if err := w.open(); err != nil {
			return nil, err
		}
	}
	message, err := w.stream.Recv()
	if err != nil {
		return nil, err
	}
	w.failures.reset()
	operation := message.GetOperation()
	if operation == nil {
		return nil, nil
	}
	w.ended = operation.Done
	if operation.Revision <= w.seen {
		return nil, nil
	}
	w.seen, w.resume = operation.Revision, operation.Revision
	return operation, nil
}

func (w *Watch) open() error {
	ctx, cancel := context.WithTimeout(w.ctx, streamTime)
	w.close = cancel
	w.opened++
	request := &longtakev1.WatchOperationRequest{Name: w.name, AfterRevision: w.resume}
	stream, err := w.client.WatchOperation(ctx, request)
	w.stream = stream
	return err
}

// Waits until the stream may be reopened, or returns why it may not.
func (w *Watch) broke(err error) error {
	w.Close()
	if err == io.EOF {
		// Either the caller already has the final state, or a proxy ended the stream without
		// an error. Requesting the current state tells which.
		w.resume = 0
		return w.failures.pause(w.ctx, endedEarly("the watch ended before "+w.name+" did"))
	}
	return w.failures.pause(w.ctx, FromError(err))
}

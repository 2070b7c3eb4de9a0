// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"io"

	"google.golang.org/grpc"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// A stream without a position cannot be resumed, so it gets longer to deliver the initial
// set.
const initialSetTime = 6 * streamTime

// OperationEvent is an event of a WatchAll: OperationChanged, OperationDeleted,
// InitialSetComplete or InitialSetRestarted.
type OperationEvent interface{ isOperationEvent() }

// OperationChanged is an operation as it is now: part of the initial set, new, or changed.
type OperationChanged struct {
	Operation *longtakev1.GenerateVideosOperation
}

// OperationDeleted tells that an operation was deleted, or that its record has expired.
type OperationDeleted struct{ Name string }

// InitialSetComplete tells that every operation that existed when the watch began has
// arrived. It comes once a set.
type InitialSetComplete struct{}

// InitialSetRestarted tells that the initial set begins again: discard the operations that
// the watch brought before.
type InitialSetRestarted struct{}

func (OperationChanged) isOperationEvent()    {}
func (OperationDeleted) isOperationEvent()    {}
func (InitialSetComplete) isOperationEvent()  {}
func (InitialSetRestarted) isOperationEvent() {}

// WatchAll is a watch of all operations that the caller may see. It resumes by itself if
// the stream breaks.
//
//	watch := client.WatchAll(ctx, "")
//	defer watch.Close()
//	for watch.Next() {
//		switch event := watch.Event().(type) {
//		case longtake.OperationChanged:
//			known[event.Operation.Name] = event.Operation
//		case longtake.OperationDeleted:
//			delete(known, event.Name)
//		case longtake.InitialSetRestarted:
//			clear(known)
//		}
//	}
//	if err := watch.Err(); err != nil { ... }
type WatchAll struct {
	ctx    context.Context
	client *Client
	filter string

	stream   grpc.ServerStreamingClient[longtakev1.WatchOperationsResponse]
	close    context.CancelFunc
	opened   int
	failures failures
	err      error

	// Where the stream resumes. Empty within an initial set.
	resume string
	// The message that follows the event InitialSetRestarted.
	held *longtakev1.WatchOperationsResponse

	event    OperationEvent
	position string
	// Whether the current set has brought an event, must be announced as a new one, and is
	// complete.
	hasBegun, restarts, complete bool
}

// WatchAll returns a watch of all operations that match a filter of the contract, such as
// "state = RUNNING"; "" means all. First comes the current state of each operation, then
// InitialSetComplete, then changes as they happen. The first Next starts the call.
func (c *Client) WatchAll(ctx context.Context, filter string) *WatchAll {
	return c.WatchAllAfter(ctx, filter, "")
}

// WatchAllAfter returns a watch that skips what happened up to a position of an earlier
// watch with the same filter.
func (c *Client) WatchAllAfter(ctx context.Context, filter, position string) *WatchAll {
	return &WatchAll{
		ctx: ctx, client: c, filter: filter, resume: position,
		failures: failures{policy: c.retry},
	}
}

// Next waits for an event and reports whether there is one. After false, Err returns why
// the watch ended: it has no end of its own.
func (w *WatchAll) Next() bool {
	for w.err == nil {
		message, err := w.receive()
		if err != nil {
			w.err = w.broke(err)
		} else if w.take(message) {
			return true
		}
	}
	w.Close()
	return false
}

// Event returns the event that Next received.
func (w *WatchAll) Event() OperationEvent { return w.event }

// Position returns the position of that event, an opaque value: give it to WatchAllAfter
// to go on after the event when your program starts again. It is empty within an initial
// set, which cannot be resumed.
func (w *WatchAll) Position() string { return w.position }

// Err returns an *Error if the watch ended, or nil.
func (w *WatchAll) Err() error { return w.err }

// Reconnects returns how often the stream was reopened.
func (w *WatchAll) Reconnects() int { return max(0, w.opened-1) }

// Close ends the watch.
func (w *WatchAll) Close() {
	if w.close != nil {
		w.close()
	}
	w.stream, w.close = nil, nil
}

// Returns the next message, or the one that InitialSetRestarted came before.
func (w *WatchAll) receive() (*longtakev1.WatchOperationsResponse, error) {
	if held := w.held; held != nil {
		w.held = nil
		return held, nil
	}
	if w.stream == nil {
		if err := w.open(); err != nil {
			return nil, err
		}
	}
	return w.stream.Recv()
}

// Sets the event of a message and reports whether it has one.
func (w *WatchAll) take(message *longtakev1.WatchOperationsResponse) bool {
	if w.restarts {
		w.restarts, w.held = false, message
		w.event, w.position = InitialSetRestarted{}, ""
		return true
	}
	if message.GetHeartbeat() != nil || message.Position != w.resume {
		// Only for progress: a stream that always breaks within the initial set must not be
		// resumed for ever.
		w.failures.reset()
	}
	if message.Position != "" {
		w.resume = message.Position
	}
	switch event := message.Event.(type) {
	case *longtakev1.WatchOperationsResponse_Operation:
		w.event = OperationChanged{event.Operation}
	case *longtakev1.WatchOperationsResponse_Deletion_:
		w.event = OperationDeleted{event.Deletion.Name}
	case *longtakev1.WatchOperationsResponse_InitialSetComplete_:
		if w.complete {
			return false
		}
		w.complete = true
		w.event = InitialSetComplete{}
	default:
		return false
	}
	w.hasBegun, w.position = true, message.Position
	return true
}

func (w *WatchAll) open() error {
	longest := streamTime
	if w.resume == "" {
		longest = initialSetTime
	}
	ctx, cancel := context.WithTimeout(w.ctx, longest)
	w.close = cancel
	w.opened++
	request := &longtakev1.WatchOperationsRequest{Filter: w.filter, AfterPosition: w.resume}
	stream, err := w.client.WatchOperations(ctx, request)
	w.stream = stream
	return err
}

// Waits until the stream may be reopened, or returns why it may not.
func (w *WatchAll) broke(err error) error {
	w.Close()
	failed := FromError(err)
	if err == io.EOF {
		failed = endedEarly("the watch of all operations ended")
	}
	if w.resume != "" && isPositionLost(failed) {
		w.restart()
		return nil
	}
	if err := w.failures.pause(w.ctx, failed); err != nil {
		return err
	}
	if w.resume == "" && w.hasBegun {
		w.restart()
	}
	return nil
}

func (w *WatchAll) restart() {
	w.resume = ""
	w.hasBegun, w.restarts, w.complete = false, true, false
}

// Reports whether the server can no longer resume after a position: it does not keep the
// changes since then, or was restored from a backup.
func isPositionLost(failed *Error) bool {
	return failed.Reason == "POSITION_EXPIRED" || failed.Reason == "REVISION_AHEAD"
}

// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	longtakev1 "longtake.dev/client/longtake/v1"
)

// Violation is a field of a request that is wrong.
type Violation struct {
	// Field is its path, for example config.duration_seconds.
	Field string
	// Description says what is wrong and what is accepted.
	Description string
}

// Error is what the server refused, or what went wrong on the way, with the google.rpc
// details decoded. status.Code and status.FromError take it too.
type Error struct {
	// Code is the gRPC code.
	Code codes.Code
	// Message says what happened.
	Message string
	// Reason is the name of an ErrorReason of the contract without its prefix, or ""
	// where the error was made on the way and not by the server.
	Reason string
	// Metadata is what varies in the message.
	Metadata map[string]string
	// Violations are all the fields of the request that are wrong.
	Violations []Violation
	// RetryDelay is how long the server asks to wait before the next call, or 0.
	RetryDelay time.Duration

	status *status.Status
	cause  error
}

// FromError returns the error of a call, decoded, or nil for nil.
func FromError(err error) *Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fromStatus(status.FromContextError(err), err)
	}
	return fromStatus(status.Convert(err), err)
}

// OperationError returns the error that an operation ended with, or nil.
func OperationError(operation *longtakev1.GenerateVideosOperation) *Error {
	return fromProto(operation.GetError())
}

func fromProto(message *statuspb.Status) *Error {
	if message == nil {
		return nil
	}
	return fromStatus(status.FromProto(message), nil)
}

func fromStatus(from *status.Status, cause error) *Error {
	decoded := &Error{Code: from.Code(), Message: from.Message(), status: from, cause: cause}
	for _, detail := range from.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			decoded.Reason, decoded.Metadata = detail.Reason, detail.Metadata
		case *errdetails.BadRequest:
			for _, wrong := range detail.FieldViolations {
				decoded.Violations = append(
					decoded.Violations, Violation{wrong.Field, wrong.Description})
			}
		case *errdetails.RetryInfo:
			decoded.RetryDelay = detail.RetryDelay.AsDuration()
		}
	}
	return decoded
}

// CodeName returns the name of the code as gRPC's documents write it, for example
// INVALID_ARGUMENT.
func (e *Error) CodeName() string {
	if name, ok := code.Code_name[int32(e.Code)]; ok {
		return name
	}
	return "UNKNOWN"
}

// Error returns one line with the message and every violation, each once.
func (e *Error) Error() string {
	text := oneLine(e.Message)
	if text == "" {
		text = e.Reason
	}
	for _, violation := range e.Violations {
		description := oneLine(violation.Description)
		if !strings.Contains(text, description) {
			text += "; " + violation.Field + ": " + description
		}
	}
	return e.CodeName() + ": " + text
}

// GRPCStatus returns the status with its details as they came.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// Unwrap returns what it was decoded from.
func (e *Error) Unwrap() error { return e.cause }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

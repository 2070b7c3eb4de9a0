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

// Violation is an invalid field of a request.
type Violation struct {
	// Field is the path of the field, for example config.duration_seconds.
	Field string
	// Description says what is wrong and what is accepted.
	Description string
}

// Error is the error of a call or an operation, with its google.rpc details decoded.
// status.Code and status.FromError accept it too.
type Error struct {
	// Code is the gRPC code.
	Code codes.Code
	// Message says what happened.
	Message string
	// Reason is the name of an ErrorReason of the contract without its prefix, or "" if
	// the error does not come from the server.
	Reason string
	// Metadata holds the variable parts of the message.
	Metadata map[string]string
	// Violations lists every invalid field of the request.
	Violations []Violation
	// RetryDelay is how long the server asks to wait before a retry, or 0.
	RetryDelay time.Duration

	status *status.Status
	cause  error
}

// FromError decodes the error of a call. It returns nil for nil.
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

// CodeName returns the name of the code in gRPC's spelling, for example
// INVALID_ARGUMENT.
func (e *Error) CodeName() string {
	if name, ok := code.Code_name[int32(e.Code)]; ok {
		return name
	}
	return "UNKNOWN"
}

// Error returns the message and every violation once, on one line.
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

// GRPCStatus returns the original status with its details.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// Unwrap returns the error that was decoded.
func (e *Error) Unwrap() error { return e.cause }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

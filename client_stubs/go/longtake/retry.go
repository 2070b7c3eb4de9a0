// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The longest duration of one stream before it is resumed, so a stream cannot hang
// forever.
const streamTime = 10 * time.Minute

// RetryPolicy defines how watches and downloads resume.
type RetryPolicy struct {
	// Initial is the first delay.
	Initial time.Duration
	// Multiplier is the factor between consecutive delays.
	Multiplier float64
	// Max is the longest delay.
	Max time.Duration
	// Attempts is the number of consecutive attempts without progress in between.
	Attempts int

	// refreshes is whether a new token can replace one that has expired.
	refreshes bool
	jitter    func() float64
	wait      func(context.Context, time.Duration) error
}

// DefaultRetryPolicy gives up after about a minute.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{
		Initial:    250 * time.Millisecond,
		Multiplier: 2,
		Max:        15 * time.Second,
		Attempts:   10,
		jitter:     rand.Float64,
		wait:       wait,
	}
}

// Counts consecutive failures.
type failures struct {
	policy RetryPolicy
	count  int
}

func (f *failures) reset() { f.count = 0 }

// Waits before the next attempt, at least as long as the server asks for. Returns the
// error if it is not transient or the attempts are used up.
func (f *failures) pause(ctx context.Context, failed *Error) error {
	if ctx.Err() != nil {
		return FromError(ctx.Err())
	}
	if !f.isPassing(failed) || f.count >= f.policy.Attempts {
		return failed
	}
	longest := float64(f.policy.Initial) * math.Pow(f.policy.Multiplier, float64(f.count))
	shortened := min(longest, float64(f.policy.Max)) * (1 + f.policy.jitter()) / 2
	f.count++
	if err := f.policy.wait(ctx, time.Duration(shortened)+failed.RetryDelay); err != nil {
		return FromError(err)
	}
	return nil
}

// Reports whether a retry of the same call may succeed.
func (f *failures) isPassing(failed *Error) bool {
	switch failed.Code {
	case codes.Unauthenticated:
		// If the next token is refused too, another one would be.
		return f.policy.refreshes && failed.Reason == "CREDENTIAL_EXPIRED" && f.count == 0
	case codes.Unavailable:
		return true
	case codes.Canceled, codes.Internal, codes.Unknown, codes.DeadlineExceeded:
		// Errors of proxies, broken connections and streamTime have no reason. Errors of the
		// server do. Canceled is what gRPC of a stopping server answers: pause has ruled out
		// the caller's own cancellation.
		return failed.Reason == ""
	default:
		return false
	}
}

func endedEarly(what string) *Error {
	return fromStatus(status.New(codes.Unavailable, what), nil)
}

func wait(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

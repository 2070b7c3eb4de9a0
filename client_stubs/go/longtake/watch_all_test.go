// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	longtakev1 "longtake.dev/client/longtake/v1"
)

type message = longtakev1.WatchOperationsResponse

func changed(revision int64, position string) *message {
	event := &longtakev1.WatchOperationsResponse_Operation{Operation: state(revision, false)}
	return &message{Event: event, Position: position}
}

func setComplete(position string) *message {
	event := &longtakev1.WatchOperationsResponse_InitialSetComplete_{
		InitialSetComplete: &longtakev1.WatchOperationsResponse_InitialSetComplete{},
	}
	return &message{Event: event, Position: position}
}

func nothingChanged(position string) *message {
	event := &longtakev1.WatchOperationsResponse_Heartbeat_{
		Heartbeat: &longtakev1.WatchOperationsResponse_Heartbeat{},
	}
	return &message{Event: event, Position: position}
}

func deleted(name, position string) *message {
	event := &longtakev1.WatchOperationsResponse_Deletion_{
		Deletion: &longtakev1.WatchOperationsResponse_Deletion{Name: name},
	}
	return &message{Event: event, Position: position}
}

func refused(t *testing.T, code codes.Code, reason string) error {
	t.Helper()
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "longtake.dev"}
	refusal, err := status.New(code, "It is refused.").WithDetails(info)
	if err != nil {
		t.Fatal(err)
	}
	return refusal.Err()
}

// What the server of a script is asked, and the events that come before it ends the watch.
func watchedAll(t *testing.T, filter, after string, scripts ...watchAllScript) (
	events []OperationEvent, positions, asked []string, err error,
) {
	t.Helper()
	end := status.Error(codes.InvalidArgument, "the script has ended")
	server := &scripted{watchAlls: append(scripts, watchAllScript{end: end})}
	client, _ := connected(t, server)
	watch := client.WatchAllAfter(t.Context(), filter, after)
	for watch.Next() {
		events = append(events, watch.Event())
		positions = append(positions, watch.Position())
	}
	for _, request := range server.watchedAll {
		if request.Filter != filter {
			t.Errorf("asked for %q, not %q", request.Filter, filter)
		}
		asked = append(asked, request.AfterPosition)
	}
	return events, positions, asked, watch.Err()
}

func kinds(events []OperationEvent) string {
	told := ""
	for _, event := range events {
		switch event.(type) {
		case OperationChanged:
			told += "changed "
		case OperationDeleted:
			told += "deleted "
		case InitialSetComplete:
			told += "complete "
		case InitialSetRestarted:
			told += "restarted "
		}
	}
	return told
}

func TestAWatchOfAllResumesAfterThePositionThatItHas(t *testing.T) {
	events, positions, asked, err := watchedAll(t, "done = true", "",
		watchAllScript{[]*message{changed(1, ""), setComplete("a")}, unavailable},
		watchAllScript{[]*message{nothingChanged("b")}, nil},
		watchAllScript{[]*message{changed(4, "c"), setComplete("d"), deleted("operations/1", "e")}, stopping},
	)
	if kinds(events) != "changed complete changed deleted " {
		t.Error(kinds(events))
	}
	if !slices.Equal(positions, []string{"", "a", "c", "e"}) {
		t.Errorf("positions %q", positions)
	}
	if !slices.Equal(asked, []string{"", "a", "b", "e"}) {
		t.Errorf("asked after %q", asked)
	}
	if status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
	if last, ok := events[3].(OperationDeleted); !ok || last.Name != "operations/1" {
		t.Errorf("%v", events[3])
	}
}

func TestAWatchOfAllGoesOnFromThePositionOfAnEarlierOne(t *testing.T) {
	events, positions, asked, _ := watchedAll(t, "", "b",
		watchAllScript{[]*message{changed(4, "c"), setComplete("d")}, unavailable})
	if kinds(events) != "changed complete " || !slices.Equal(positions, []string{"c", "d"}) {
		t.Errorf("%s at %q", kinds(events), positions)
	}
	if !slices.Equal(asked, []string{"b", "d"}) {
		t.Errorf("asked after %q", asked)
	}
}

func TestAnInitialSetThatBreaksBeginsAgainAndSaysSo(t *testing.T) {
	events, positions, asked, _ := watchedAll(t, "", "",
		watchAllScript{end: unavailable},
		watchAllScript{[]*message{changed(1, "")}, unavailable},
		watchAllScript{end: unavailable},
		watchAllScript{[]*message{changed(3, ""), setComplete("a")}, unavailable})
	if kinds(events) != "changed restarted changed complete " {
		t.Error(kinds(events))
	}
	if !slices.Equal(positions, []string{"", "", "", "a"}) {
		t.Errorf("positions %q", positions)
	}
	if !slices.Equal(asked, []string{"", "", "", "", "a"}) {
		t.Errorf("asked after %q", asked)
	}
}

func TestAPositionThatTheServerHasLostBeginsTheSetAgain(t *testing.T) {
	for reason, code := range map[string]codes.Code{
		"POSITION_EXPIRED": codes.OutOfRange,
		"REVISION_AHEAD":   codes.FailedPrecondition,
	} {
		events, _, asked, _ := watchedAll(t, "", "",
			watchAllScript{[]*message{setComplete("a")}, unavailable},
			watchAllScript{end: refused(t, code, reason)},
			watchAllScript{[]*message{setComplete("z")}, unavailable})
		if kinds(events) != "complete restarted complete " {
			t.Errorf("%s: %s", reason, kinds(events))
		}
		if !slices.Equal(asked, []string{"", "a", "", "z"}) {
			t.Errorf("%s: asked after %q", reason, asked)
		}
	}
}

func TestAnInitialSetThatNeverGetsOnIsGivenUp(t *testing.T) {
	once := watchAllScript{[]*message{changed(1, "")}, unavailable}
	_, _, asked, err := watchedAll(t, "", "", slices.Repeat([]watchAllScript{once}, 11)...)
	if status.Code(err) != codes.Unavailable || len(asked) != 11 {
		t.Errorf("%v after %d streams", err, len(asked))
	}
}

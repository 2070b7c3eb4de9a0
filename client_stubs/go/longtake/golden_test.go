// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	longtakev1 "longtake.dev/client/longtake/v1"
)

const goldenFolder = "../../../tests/golden"

func golden(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(goldenFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoldenMessagesAreReadAndWrittenAgain(t *testing.T) {
	for name, kind := range map[string]proto.Message{
		"generate_videos_request": &longtakev1.GenerateVideosRequest{},
		"operation_running":       &longtakev1.GenerateVideosOperation{},
		"operation_succeeded":     &longtakev1.GenerateVideosOperation{},
		"operation_failed":        &longtakev1.GenerateVideosOperation{},
	} {
		t.Run(name, func(t *testing.T) {
			binary := golden(t, name+".binpb")
			ofBinary, ofJSON := proto.Clone(kind), proto.Clone(kind)
			if err := proto.Unmarshal(binary, ofBinary); err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(golden(t, name+".json"), ofJSON); err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(ofBinary, ofJSON) {
				t.Errorf("binary: %v\nJSON: %v", ofBinary, ofJSON)
			}
			writtenAgain(t, ofJSON, binary)
		})
	}
}

// Go writes the members of a oneof after all other fields, which every reader accepts.
// The bytes are therefore equal only for messages without a oneof.
func writtenAgain(t *testing.T, message proto.Message, binary []byte) {
	t.Helper()
	again, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	read := message.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(again, read); err != nil || !proto.Equal(read, message) {
		t.Errorf("%v became %v: %v", message, read, err)
	}
	if len(again) != len(binary) || !hasOneof(message) && !bytes.Equal(again, binary) {
		t.Errorf("it is encoded to %x, not to %x", again, binary)
	}
}

func hasOneof(message proto.Message) bool {
	operation, ok := message.(*longtakev1.GenerateVideosOperation)
	return !ok || operation.Result != nil
}

func TestTheErrorOfAnOperationIsDecoded(t *testing.T) {
	operation := &longtakev1.GenerateVideosOperation{}
	if err := proto.Unmarshal(golden(t, "operation_failed.binpb"), operation); err != nil {
		t.Fatal(err)
	}
	failed := OperationError(operation)
	if failed.CodeName() != "RESOURCE_EXHAUSTED" || failed.Reason != "ATTEMPTS_EXHAUSTED" {
		t.Errorf("%s, %s", failed.CodeName(), failed.Reason)
	}
	if failed.Metadata["upstream"] != "agent_platform" || failed.RetryDelay.Seconds() != 1.25 {
		t.Errorf("%v, %s", failed.Metadata, failed.RetryDelay)
	}
	const line = "RESOURCE_EXHAUSTED: The upstream has no quota left; " +
		"config.duration_seconds: 5 is not accepted; accepted are 4, 6, 8"
	if failed.Error() != line {
		t.Errorf("%q", failed.Error())
	}
	if OperationError(&longtakev1.GenerateVideosOperation{}) != nil {
		t.Error("an operation without an error has one")
	}
}

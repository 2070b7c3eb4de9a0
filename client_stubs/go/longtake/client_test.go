// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package longtake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	longtakev1 "longtake.dev/client/longtake/v1"
)

func state(revision int64, done bool) *longtakev1.GenerateVideosOperation {
	return &longtakev1.GenerateVideosOperation{Name: "operations/1", Revision: revision, Done: done}
}

func states(operations ...*longtakev1.GenerateVideosOperation) []*longtakev1.GenerateVideosOperation {
	return operations
}

func TestAGenerationIsRetriedWithOneRequestID(t *testing.T) {
	for _, refusal := range []error{unavailable, stopping} {
		server := &scripted{refusal: refusal}
		client, _ := connected(t, server)
		request := &longtakev1.GenerateVideosRequest{Prompt: "a dog"}
		if _, err := client.GenerateVideos(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if len(server.generated) != 2 || len(request.RequestId) != 36 {
			t.Fatalf("%d calls with %q", len(server.generated), request.RequestId)
		}
		for _, sent := range server.generated {
			if sent.RequestId != request.RequestId {
				t.Errorf("%q, not %q", sent.RequestId, request.RequestId)
			}
		}
	}
}

func TestAWatchResumesAfterTheRevisionThatItHas(t *testing.T) {
	server := &scripted{watches: []watchScript{
		{states(state(1, false), state(2, false)), unavailable},
		{nil, stopping},
		{states(state(3, false)), nil},
		// The current state, requested again because the stream ended without an error.
		{states(state(3, false), state(5, true)), nil},
	}}
	client, waits := connected(t, server)
	watch := client.Watch(t.Context(), "operations/1")
	revisions := []int64{}
	for watch.Next() {
		revisions = append(revisions, watch.Operation().Revision)
	}
	if watch.Err() != nil {
		t.Fatal(watch.Err())
	}
	if !slices.Equal(revisions, []int64{1, 2, 3, 5}) || watch.Reconnects() != 3 {
		t.Errorf("%v with %d reconnects", revisions, watch.Reconnects())
	}
	after := []int64{}
	for _, request := range server.watched {
		after = append(after, request.AfterRevision)
	}
	if !slices.Equal(after, []int64{0, 2, 2, 0}) {
		t.Errorf("asked after %v", after)
	}
	first := 250 * time.Millisecond
	if !slices.Equal(*waits, []time.Duration{first, 2 * first, first}) {
		t.Errorf("waited %v", *waits)
	}
}

func TestAWatchThatTheCallerCancelsIsNotResumed(t *testing.T) {
	server := &scripted{watches: []watchScript{{states(state(1, false)), stopping}}}
	client, waits := connected(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	watch := client.Watch(ctx, "operations/1")
	if !watch.Next() {
		t.Fatal(watch.Err())
	}
	cancel()
	if watch.Next() || status.Code(watch.Err()) != codes.Canceled {
		t.Error(watch.Err())
	}
	if len(server.watched) != 1 || len(*waits) != 0 {
		t.Errorf("%d streams, waited %v", len(server.watched), *waits)
	}
}

func TestAWatchGivesUpOnWhatDoesNotPass(t *testing.T) {
	server := &scripted{watches: []watchScript{{end: status.Error(codes.NotFound, "no such")}}}
	client, _ := connected(t, server)
	watch := client.Watch(t.Context(), "operations/1")
	if watch.Next() || status.Code(watch.Err()) != codes.NotFound {
		t.Error(watch.Err())
	}
}

func TestAWatchGivesUpWhenItsAttemptsAreUsedUp(t *testing.T) {
	asked, err := status.New(codes.Unavailable, "draining").WithDetails(
		&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	ends := slices.Repeat([]watchScript{{end: asked.Err()}}, 11)
	client, waits := connected(t, &scripted{watches: ends})
	watch := client.Watch(t.Context(), "operations/1")
	if watch.Next() || status.Code(watch.Err()) != codes.Unavailable {
		t.Error(watch.Err())
	}
	if len(*waits) != 10 || slices.Max(*waits) != 18*time.Second {
		t.Errorf("waited %v", *waits)
	}
}

func chunk(data string) *longtakev1.DownloadVideoResponse {
	return &longtakev1.DownloadVideoResponse{Chunk: &httpbody.HttpBody{Data: []byte(data)}}
}

func facts(data string) *longtakev1.DownloadVideoResponse {
	size, sum := int64(len(data)), sha256.Sum256([]byte(data))
	return &longtakev1.DownloadVideoResponse{Video: &longtakev1.Video{
		MimeType: "video/mp4", SizeBytes: &size, Sha256: hex.EncodeToString(sum[:]),
	}}
}

func messages(all ...*longtakev1.DownloadVideoResponse) []*longtakev1.DownloadVideoResponse {
	return all
}

func TestADownloadResumesAtTheByteWhereItBroke(t *testing.T) {
	server := &scripted{downloads: []downloadScript{
		{messages(facts("whole video"), chunk("whole ")), unavailable},
		{messages(facts("whole video"), chunk("vi")), nil},
		{messages(facts("whole video"), chunk("deo")), nil},
	}}
	client, _ := connected(t, server)
	to := &bytes.Buffer{}
	done, err := client.Download(t.Context(), "operations/1/videos/0", to)
	if err != nil {
		t.Fatal(err)
	}
	if to.String() != "whole video" || done.SizeBytes != 11 || done.MIMEType != "video/mp4" {
		t.Errorf("%q, %+v", to, done)
	}
	if server.asked[1].ReadOffset != 6 || server.asked[2].ReadOffset != 8 {
		t.Error(server.asked)
	}
}

func TestADownloadOfOtherBytesLeavesNoFile(t *testing.T) {
	for name, data := range map[string]string{"other": "whole audio", "longer": "whole video!"} {
		t.Run(name, func(t *testing.T) {
			server := &scripted{downloads: []downloadScript{
				{messages(facts("whole video"), chunk(data)), nil},
			}}
			client, _ := connected(t, server)
			folder := t.TempDir()
			_, err := client.DownloadFile(
				t.Context(), "operations/1/videos/0", filepath.Join(folder, "out.mp4"))
			if failed, ok := errors.AsType[*Error](err); !ok || failed.Code != codes.DataLoss {
				t.Error(err)
			}
			if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
				t.Error(left, err)
			}
		})
	}
}

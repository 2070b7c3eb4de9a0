// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Command conformance runs the steps that the client of every language must pass. See
// tests/polyglot/conformance.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"longtake.dev/client/longtake"
	longtakev1 "longtake.dev/client/longtake/v1"
)

const model = "veo-3.1-lite-generate-001"

type conformance struct {
	ctx    context.Context
	client *longtake.Client
}

func main() {
	client, err := longtake.Connect(os.Args[1])
	require(err)
	defer client.Close()
	c := conformance{context.Background(), client}

	c.invalid()
	name := c.generatedOnce()
	last := c.watched(name)
	c.downloaded(last.GetResponse().GeneratedVideos[0].Name, os.Args[2])
	c.listed(name)
	c.cancelled()
	c.deadline(name)
	c.clientCancelled()
}

func (c conformance) invalid() {
	_, err := c.client.GenerateVideos(c.ctx, request("x", 5, "1:1"))
	failed := longtake.FromError(err)
	violations := []map[string]string{}
	for _, violation := range failed.Violations {
		violations = append(violations, map[string]string{
			"field": violation.Field, "description": violation.Description,
		})
	}
	tell("invalid", map[string]any{
		"code": failed.CodeName(), "reason": failed.Reason, "violations": violations,
	})
}

func (c conformance) generatedOnce() string {
	// The first call sets the id of the request, and the second one sends the same id.
	wanted := request("conformance", 4, "")
	name := ""
	for range 2 {
		operation, err := c.client.GenerateVideos(c.ctx, wanted)
		require(err)
		name = operation.Name
		tell("generated", map[string]any{"name": name, "request_id": wanted.RequestId})
	}
	return name
}

func (c conformance) watched(name string) *longtakev1.GenerateVideosOperation {
	watch := c.client.Watch(c.ctx, name)
	revisions, states := []int64{}, []string{}
	for watch.Next() {
		operation := watch.Operation()
		revisions = append(revisions, operation.Revision)
		states = append(states, operation.Metadata.State.String())
		if len(revisions) == 1 {
			tell("watching", map[string]any{"revision": operation.Revision})
		}
	}
	require(watch.Err())
	tell("watched", map[string]any{
		"revisions": revisions, "states": states, "reconnects": watch.Reconnects(),
		"done": watch.Operation().Done,
	})
	return watch.Operation()
}

func (c conformance) downloaded(video, path string) {
	downloaded, err := c.client.DownloadFile(c.ctx, video, path)
	require(err)
	tell("downloaded", map[string]any{"size": downloaded.SizeBytes, "sha256": downloaded.SHA256})
}

func (c conformance) listed(name string) {
	page, err := c.client.ListOperations(
		c.ctx, &longtakev1.ListOperationsRequest{Filter: "done = true"})
	require(err)
	found := slices.ContainsFunc(page.Operations, func(one *longtakev1.GenerateVideosOperation) bool {
		return one.Name == name
	})
	tell("listed", map[string]any{"found": found})
}

func (c conformance) cancelled() {
	operation, err := c.client.GenerateVideos(c.ctx, request("cancel me [sim:never]", 4, ""))
	require(err)
	_, err = c.client.CancelOperation(
		c.ctx, &longtakev1.CancelOperationRequest{Name: operation.Name})
	require(err)
	watch := c.client.Watch(c.ctx, operation.Name)
	for watch.Next() {
		operation = watch.Operation()
	}
	require(watch.Err())
	tell("cancelled", map[string]any{
		"state":  operation.Metadata.State.String(),
		"reason": longtake.OperationError(operation).Reason,
	})
}

func (c conformance) deadline(name string) {
	code := "OK"
	for range 100 {
		ctx, cancel := context.WithTimeout(c.ctx, time.Millisecond)
		_, err := c.client.GetOperation(ctx, &longtakev1.GetOperationRequest{Name: name})
		cancel()
		if err != nil {
			code = longtake.FromError(err).CodeName()
			break
		}
	}
	tell("deadline", map[string]any{"code": code})
}

func (c conformance) clientCancelled() {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	stream, err := c.client.WatchOperations(ctx, &longtakev1.WatchOperationsRequest{})
	require(err)
	for err == nil {
		if _, err = stream.Recv(); err == nil {
			cancel()
		}
	}
	tell("client_cancelled", map[string]any{"code": longtake.FromError(err).CodeName()})
}

// Returns a request for a video of a duration in seconds. With "", the model chooses
// the aspect ratio.
func request(prompt string, seconds int32, aspect string) *longtakev1.GenerateVideosRequest {
	config := &longtakev1.GenerateVideosConfig{DurationSeconds: &seconds}
	if aspect != "" {
		config.AspectRatio = &aspect
	}
	return &longtakev1.GenerateVideosRequest{Model: model, Prompt: prompt, Config: config}
}

func tell(step string, facts map[string]any) {
	facts["step"] = step
	require(json.NewEncoder(os.Stdout).Encode(facts))
}

func require(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

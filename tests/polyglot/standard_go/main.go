// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Command standard drives google.longrunning.Operations with Google's own client of it:
// standard ADDRESS. It prints an object of JSON for each step.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	longrunning "cloud.google.com/go/longrunning/autogen"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	longtakev1 "longtake.dev/client/longtake/v1"
)

type driver struct {
	ctx        context.Context
	videos     longtakev1.VideoServiceClient
	operations *longrunning.OperationsClient
}

func main() {
	connection, err := grpc.NewClient(
		os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	require(err)
	ctx := context.Background()
	operations, err := longrunning.NewOperationsClient(ctx, option.WithGRPCConn(connection))
	require(err)
	defer operations.Close()
	d := driver{ctx, longtakev1.NewVideoServiceClient(connection), operations}

	name := d.generate("standard")
	d.waited(name)
	d.got(name)
	d.cancelled(d.generate("standard [sim:never]"))
	d.listed()
	d.deleted(name)
}

func (d driver) generate(prompt string) string {
	operation, err := d.videos.GenerateVideos(d.ctx, &longtakev1.GenerateVideosRequest{
		Model: "veo-3.1-lite-generate-001", Prompt: prompt,
	})
	require(err)
	return operation.Name
}

func (d driver) wait(name string) *longrunningpb.Operation {
	for {
		operation, err := d.operations.WaitOperation(d.ctx, &longrunningpb.WaitOperationRequest{
			Name: name, Timeout: durationpb.New(10 * time.Second),
		})
		require(err)
		if operation.Done {
			return operation
		}
	}
}

func (d driver) waited(name string) {
	operation := d.wait(name)
	metadata, response := &longtakev1.GenerateVideosMetadata{}, &longtakev1.GenerateVideosResponse{}
	require(operation.Metadata.UnmarshalTo(metadata))
	require(operation.GetResponse().UnmarshalTo(response))
	tell("waited", map[string]any{
		"state": metadata.State.String(), "videos": len(response.GeneratedVideos),
	})
}

func (d driver) got(name string) {
	operation, err := d.operations.GetOperation(
		d.ctx, &longrunningpb.GetOperationRequest{Name: name})
	require(err)
	tell("got", map[string]any{"same": operation.Name == name, "done": operation.Done})
}

// Reads the list by pages of one.
func (d driver) listed() {
	names := []string{}
	for operation, err := range d.operations.ListOperations(
		d.ctx, &longrunningpb.ListOperationsRequest{Filter: "done = true", PageSize: 1}).All() {
		require(err)
		names = append(names, operation.Name)
	}
	tell("listed", map[string]any{"count": len(names)})
}

func (d driver) cancelled(name string) {
	require(d.operations.CancelOperation(
		d.ctx, &longrunningpb.CancelOperationRequest{Name: name}))
	tell("cancelled", map[string]any{"code": d.wait(name).GetError().GetCode()})
}

func (d driver) deleted(name string) {
	require(d.operations.DeleteOperation(
		d.ctx, &longrunningpb.DeleteOperationRequest{Name: name}))
	_, err := d.operations.GetOperation(d.ctx, &longrunningpb.GetOperationRequest{Name: name})
	tell("deleted", map[string]any{"code": status.Code(err).String()})
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

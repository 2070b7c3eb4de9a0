// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// A program on Google's SDK for Go as its users write one. It knows nothing of Longtake.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genai"
)

func main() {
	ctx := context.Background()
	config := &genai.ClientConfig{Backend: genai.BackendVertexAI}
	if len(os.Args) == 3 {
		config.Project, config.Location = os.Args[1], os.Args[2]
	}
	client, err := genai.NewClient(ctx, config)
	if err != nil {
		log.Fatal(err)
	}
	source := &genai.GenerateVideosSource{Prompt: "a paper boat"}
	operation, err := client.Models.GenerateVideosFromSource(ctx, "veo-3.1-generate-001",
		source, &genai.GenerateVideosConfig{DurationSeconds: genai.Ptr[int32](4)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(operation.Name)
	for !operation.Done {
		time.Sleep(50 * time.Millisecond)
		operation, err = client.Operations.GetVideosOperation(ctx, operation, nil)
		if err != nil {
			log.Fatal(err)
		}
	}
	if operation.Error != nil {
		log.Fatal(operation.Error)
	}
	video := operation.Response.GeneratedVideos[0].Video
	if err := os.WriteFile("go.mp4", video.VideoBytes, 0o600); err != nil {
		log.Fatal(err)
	}
}

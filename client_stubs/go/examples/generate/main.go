// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Command generate generates a video from a prompt: generate "prompt" out.mp4.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"longtake.dev/client/longtake"
	longtakev1 "longtake.dev/client/longtake/v1"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, `usage: generate "prompt" out.mp4`)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := generate(ctx, os.Args[1], os.Args[2]); err != nil {
		explain(err)
		os.Exit(1)
	}
}

func generate(ctx context.Context, prompt, path string) error {
	client, err := longtake.Connect("")
	if err != nil {
		return err
	}
	defer client.Close()

	operation, err := client.GenerateVideos(ctx, &longtakev1.GenerateVideosRequest{
		Model:  "veo-3.1-fast-generate-001",
		Prompt: prompt,
	})
	if err != nil {
		return err
	}
	fmt.Println(operation.Name)

	watch := client.Watch(ctx, operation.Name)
	defer watch.Close()
	for watch.Next() {
		operation = watch.Operation()
		fmt.Println(operation.Metadata.State)
	}
	if err := watch.Err(); err != nil {
		return err
	}
	if err := longtake.OperationError(operation); err != nil {
		return err
	}
	videos := operation.GetResponse().GeneratedVideos
	if len(videos) == 0 {
		return errors.New("the upstream withheld the video")
	}
	video, err := client.DownloadFile(ctx, videos[0].Name, path)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, SHA-256 %s\n", path, video.SizeBytes, video.SHA256)
	return nil
}

func explain(err error) {
	fmt.Fprintln(os.Stderr, err)
	if failed, ok := errors.AsType[*longtake.Error](err); ok {
		for _, violation := range failed.Violations {
			fmt.Fprintf(os.Stderr, "  %s: %s\n", violation.Field, violation.Description)
		}
		if failed.RetryDelay > 0 {
			fmt.Fprintf(os.Stderr, "  call again in %s\n", failed.RetryDelay)
		}
	}
}

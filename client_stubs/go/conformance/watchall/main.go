// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Command watchall tells the events of a watch of all operations. See
// tests/polyglot/watching_all.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"longtake.dev/client/longtake"
)

func main() {
	client, err := longtake.Connect(os.Args[1])
	require(err)
	defer client.Close()

	watch := client.WatchAllAfter(context.Background(), os.Args[2], os.Args[3])
	defer watch.Close()
	for watch.Next() {
		switch event := watch.Event().(type) {
		case longtake.OperationChanged:
			tell("changed", watch, map[string]any{
				"name": event.Operation.Name, "revision": event.Operation.Revision,
			})
		case longtake.OperationDeleted:
			tell("deleted", watch, map[string]any{"name": event.Name})
			return
		case longtake.InitialSetComplete:
			tell("complete", watch, map[string]any{})
		case longtake.InitialSetRestarted:
			tell("restarted", watch, map[string]any{})
		}
	}
	require(watch.Err())
}

func tell(step string, watch *longtake.WatchAll, facts map[string]any) {
	facts["step"], facts["position"] = step, watch.Position()
	require(json.NewEncoder(os.Stdout).Encode(facts))
}

func require(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

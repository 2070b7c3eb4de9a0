// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

// Command webhooks receives events: WEBHOOK_SECRET=whsec_... go run . [PORT].
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const mostBytes = 20_000

type event struct {
	Type string
	Data struct {
		Operation *struct {
			Name     string
			Revision int64 `json:",string"`
		}
	}
}

type receiver struct {
	webhook *standardwebhooks.Webhook
	lock    sync.Mutex
	newest  map[string]int64 // in your service, a column beside the operation
}

func (r *receiver) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, mostBytes))
	if err == nil {
		err = r.webhook.Verify(body, request.Header) // the raw bytes
	}
	var told event
	if err == nil {
		err = json.Unmarshal(body, &told)
	}
	if err != nil {
		http.Error(writer, "no event", http.StatusBadRequest)
		return
	}
	r.receive(told)
	writer.WriteHeader(http.StatusNoContent)
}

func (r *receiver) receive(told event) {
	operation := told.Data.Operation
	if operation == nil {
		fmt.Println(told.Type)
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if operation.Revision <= r.newest[operation.Name] {
		return // the same event again, or an older one that arrives late
	}
	r.newest[operation.Name] = operation.Revision
	fmt.Println(told.Type, operation.Name)
}

func main() {
	webhook, err := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	port := "3000"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	log.Fatal(http.Serve(listener, &receiver{webhook: webhook, newest: map[string]int64{}}))
}

# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Receives events: WEBHOOK_SECRET=whsec_... python receive.py [PORT]."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES = 20_000
webhook = Webhook(os.environ["WEBHOOK_SECRET"])
newest: dict[str, int] = {}  # in your service, a column beside the operation


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(min(length, MOST_BYTES))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            event = webhook.verify(body, headers)  # the raw bytes, not parsed and written again
        except WebhookVerificationError:
            self.send_error(400)
            return
        receive(event)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def receive(event: dict) -> None:
    operation = event["data"].get("operation")
    if operation is None:
        print(event["type"], flush=True)
        return
    name, revision = operation["name"], int(operation["revision"])
    if revision <= newest.get(name, 0):
        return  # the same event again, or an older one that arrives late
    newest[name] = revision
    print(event["type"], name, flush=True)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 3000), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()

# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Google Cloud's metadata server that returns fake tokens.

Prints its address as the first line of standard output.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/"
_ANSWERS = {
    _ACCOUNT: {
        "aliases": ["default"],
        "email": "benchmark@benchmark.example",
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    },
    f"{_ACCOUNT}token": {
        "access_token": "benchmark",
        "expires_in": 3600,
        "token_type": "Bearer",
    },
    "/computeMetadata/v1/project/project-id": "benchmark",
    "/computeMetadata/v1/universe/universe-domain": "googleapis.com",
    "/": "computeMetadata/",
}


class _Metadata(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Return the metadata value of a path."""
        answer = _ANSWERS.get(urlsplit(self.path).path)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(404 if answer is None else 200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header(
            "Content-Type", "application/text" if isinstance(answer, str) else "application/json"
        )
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve until SIGTERM."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Metadata) as server:
        sys.stdout.write(f"127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()

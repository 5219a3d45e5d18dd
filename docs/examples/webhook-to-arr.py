#!/usr/bin/env python3
"""Receives webhooks of MediaFetcher and has Radarr or Sonarr look at the exported tree. Needs `standardwebhooks`.

    SECRET=whsec_... ARR_URL=http://radarr.lan:7878 ARR_KEY=... FOLDER=/mnt/media/export
    webhook-to-arr.py [PORT]

For Sonarr the variable ARR_COMMAND is `DownloadedEpisodesScan`.
"""

import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["SECRET"])
seen: set[str] = set()  # a message can arrive twice


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            event = webhook.verify(body, headers)
        except WebhookVerificationError:
            self.send_error(401)
            return
        if event["type"] == "download.done" and headers["webhook-id"] not in seen:
            scan()
            seen.add(headers["webhook-id"])
        self.send_response(204)
        self.end_headers()


def scan() -> None:
    asked = {"name": os.environ.get("ARR_COMMAND", "DownloadedMoviesScan"), "path": os.environ["FOLDER"]}
    request = urllib.request.Request(
        f"{os.environ['ARR_URL']}/api/v3/command",
        json.dumps(asked).encode(),
        {"Content-Type": "application/json", "X-Api-Key": os.environ["ARR_KEY"]},
    )
    urllib.request.urlopen(request, timeout=10).close()


if __name__ == "__main__":
    server = HTTPServer(("0.0.0.0", int(sys.argv[1]) if len(sys.argv) > 1 else 8788), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()

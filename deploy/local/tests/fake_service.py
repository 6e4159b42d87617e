"""A service that does nothing but say it is ready, to try the supervisor with: `... migrate|api|worker`."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Answer(BaseHTTPRequestHandler):
    """Ready; at /environment, what it was told."""

    def do_GET(self) -> None:  # the library's name
        """Answer one request."""
        self.send_response(200)
        self.end_headers()
        if self.path == "/environment":
            self.wfile.write("".join(f"{name}={value}\n" for name, value in sorted(os.environ.items())).encode())


def main(role: str) -> None:
    """Serve as the role's port says, deaf to SIGTERM if told so."""
    if role == "migrate":
        Path(os.environ["FAKE_MIGRATED"]).touch()
        return
    if "FAKE_DEAF" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    port = os.environ["DUEFLOW_PORT" if role == "api" else "DUEFLOW_WORKER_PORT"]
    ThreadingHTTPServer(("127.0.0.1", int(port)), Answer).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])

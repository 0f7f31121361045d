"""An imitation of TensorFlow Serving's REST API, and of its failures.

It follows the server's source and what was seen of it, to test the messages of
our client. It does not show what the server does.
"""

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.helpers.imitated_model import RefusedError
from tests.helpers.imitated_model import Served
from tests.helpers.imitated_model import answer


class ImitatedRestServer(ThreadingHTTPServer):
    """A server of the documented JSON, in the row form of our client.

    Attributes:
        served: What it serves.
        failures: Functions to call instead of the next answers.
        requests: Method, path and body of all requests.
    """

    daemon_threads = True

    def __init__(self, certificate: tuple[Path, Path] | None = None):
        super().__init__(("127.0.0.1", 0), _RestHandler)
        self.served = Served()
        self.failures: list[Callable[[Any], None]] = []
        self.requests: list[tuple[str, str, bytes]] = []
        self.closing = threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The thread that accepts must not wait for a handshake.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that hang up, as some tests do."""


@contextmanager
def imitated_rest(
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[ImitatedRestServer]:
    with ImitatedRestServer(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _RestHandler(BaseHTTPRequestHandler):
    server: ImitatedRestServer

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, body))
        if self.server.failures:
            self.server.failures.pop(0)(self)
            return
        try:
            self.send_text(
                200, answer(self.server.served, self.command, self.path, body)
            )
        except RefusedError as error:
            status, text = error.args
            # As by absl::CEscape: \' is no JSON.
            escaped = json.dumps(text)[1:-1].replace("'", "\\'")
            self.send_text(status, f'{{ "error": "{escaped}" }}')

    def send_json(self, status: int, content: Any) -> None:
        self.send_text(status, json.dumps(content))

    def send_text(self, status: int, text: str, length: int = 0) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)


def hang(handler: Any) -> None:
    """Takes the request and does not answer for a minute."""
    handler.server.closing.wait(60)


def dribble(handler: Any) -> None:
    """Sends a byte at a time for a minute, so no single read times out."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(1200):
        if handler.server.closing.wait(0.05):
            break
        handler.wfile.write(b"x")


def reset(handler: Any) -> None:
    """Resets the connection, as a process does that dies."""
    handler.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    handler.close_connection = True
    # `shutdown` would close the connection regularly.
    os.close(handler.connection.detach())


def truncate(handler: Any) -> None:
    """Closes the connection in the middle of the answer."""
    handler.send_text(200, '{"outputs": [', length=1000)
    handler.close_connection = True


def overloaded(handler: Any) -> None:
    handler.send_json(503, {"error": "The batch scheduling queue is full"})


def sends(status: int, text: str) -> Callable[[Any], None]:
    return lambda handler: handler.send_text(status, text)

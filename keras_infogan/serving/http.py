"""HTTP requests that end by their deadline, whatever the server does."""

import contextlib
import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from keras_infogan.serving.errors import ServingError
from keras_infogan.serving.errors import one_line_text
from keras_infogan.serving.transport import Deadline


class HttpConnector:
    """Sends requests to a server, each on a connection of its own.

    It uses the standard library: the timeouts of `urllib3`, too, limit single
    reads of a socket, so a server that sends a byte a second would exceed any
    of them.

    Args:
        url: An http or https URL; https verifies the certificate.
        connect_timeout: Seconds for each connection.
        ca_file: Certificates to trust instead of those of the system.
    """

    def __init__(
        self, url: SplitResult, connect_timeout: float, ca_file: Path | None
    ):
        self.server = f"{url.scheme}://{url.netloc}"
        self._address = (str(url.hostname), url.port)
        self._connect_timeout = connect_timeout
        self._tls = None
        if url.scheme == "https":
            self._tls = ssl.create_default_context(cafile=ca_file)

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        limit: int,
        deadline: Deadline,
    ) -> tuple[int, bytes]:
        """Returns status and content, cut one byte after `limit`.

        Raises:
            ServingError: If there is no complete answer by the deadline.
        """
        connection = self._new_connection()
        opened: list[socket.socket] = []

        def send() -> tuple[int, bytes]:
            try:
                self._connect(connection)
                opened.append(connection.sock)
                connection.sock.settimeout(deadline.remaining())
                headers = {"Content-Type": "application/json"} if body else {}
                connection.request(method, path, body, headers)
                return _read(connection, limit)
            finally:
                connection.close()

        def hang_up() -> None:
            for opened_socket in opened:
                with contextlib.suppress(OSError):
                    opened_socket.shutdown(socket.SHUT_RDWR)

        try:
            return _within(deadline, send, hang_up)
        except ServingError:
            raise
        except TimeoutError:
            raise deadline.error() from None
        except (
            ConnectionError,
            ssl.SSLEOFError,
            http.client.IncompleteRead,
        ) as error:
            raise ServingError(
                f"{self.server} closed the connection before the answer was "
                f"complete. Received: {one_line_text(str(error))}.",
                "unavailable",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServingError(
                f"{self.server} does not answer as HTTP. Received: "
                f"{one_line_text(repr(error))}. Is the port that of the REST "
                "API, 8501 by default?",
                "broken",
            ) from error

    def _new_connection(self) -> http.client.HTTPConnection:
        host, port = self._address
        timeout = self._connect_timeout
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=timeout)
        return http.client.HTTPSConnection(
            host, port, timeout=timeout, context=self._tls
        )

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except TimeoutError as error:
            raise ServingError(
                f"{self.server} did not accept the connection within "
                f"{self._connect_timeout:g} s.",
                "unavailable",
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise ServingError(
                f"{self.server} should have a trusted certificate. "
                f"Received: {error.verify_message}. Pass the certificate of "
                "its authority as `ca_file`.",
                "broken",
            ) from error
        except ssl.SSLError as error:
            raise ServingError(
                f"{self.server} should speak TLS. "
                f"Received: {error.reason}. Does it expect http://?",
                "broken",
            ) from error
        except socket.gaierror as error:
            raise ServingError(
                f"{self.server} should have a host name that resolves. "
                f"Received: {error.strerror}.",
                "broken",
            ) from error
        except OSError as error:
            raise ServingError(
                f"{self.server} accepts no connection. "
                f"Received: {error.strerror or error}. Is the server running?",
                "unavailable",
            ) from error


def _read(
    connection: http.client.HTTPConnection, limit: int
) -> tuple[int, bytes]:
    with connection.getresponse() as response:
        content = response.read(limit + 1)
        # http.client accepts an answer that ends too early.
        if len(content) <= limit and response.length:
            raise http.client.IncompleteRead(content, response.length)
        return response.status, content


def _within(
    deadline: Deadline,
    work: Callable[[], tuple[int, bytes]],
    hang_up: Callable[[], None],
) -> tuple[int, bytes]:
    """Runs `work` in a thread, which is abandoned at the deadline.

    The timeout of a socket limits each read, not all of them together, and the
    look-up of a host name has none.
    """
    outcomes: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put(work())
        except BaseException as error:
            outcomes.put(error)

    seconds = deadline.remaining()
    threading.Thread(target=run, daemon=True).start()
    try:
        outcome = outcomes.get(timeout=seconds)
    except queue.Empty:
        hang_up()
        raise deadline.error() from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome

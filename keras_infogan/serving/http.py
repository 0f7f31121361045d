"""HTTP exchanges that end at their deadline, whatever the server does."""

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

from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import ServingError
from keras_infogan.serving.transport import one_line_text


class HttpConnector:
    """Sends requests to one server, each on a connection of its own.

    Args:
        url: Of scheme http or https; https verifies the certificate.
        connect_timeout: Seconds for each connection.
        ca_file: Certificates to trust in place of those of the system.
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
        """Status and content of the answer, one byte over `limit` at most.

        Raises:
            ServingError: If there is no whole answer before the deadline.
        """
        host, port = self._address
        connection = (
            http.client.HTTPSConnection(
                host, port, timeout=self._connect_timeout, context=self._tls
            )
            if self._tls
            else http.client.HTTPConnection(
                host, port, timeout=self._connect_timeout
            )
        )
        opened: list[socket.socket] = []

        def talk() -> tuple[int, bytes]:
            try:
                self._connect(connection)
                opened.append(connection.sock)
                connection.sock.settimeout(deadline.remaining())
                headers = {"Content-Type": "application/json"} if body else {}
                connection.request(method, path, body, headers)
                with connection.getresponse() as response:
                    content = response.read(limit + 1)
                    # No error to http.client: the end before its time.
                    if len(content) <= limit and response.length:
                        raise http.client.IncompleteRead(
                            content, response.length
                        )
                    return response.status, content
            finally:
                connection.close()

        def hang_up() -> None:
            for opened_socket in opened:
                with contextlib.suppress(OSError):
                    opened_socket.shutdown(socket.SHUT_RDWR)

        try:
            return _within(deadline, talk, hang_up)
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
                f"whole. Received: {one_line_text(str(error))}.",
                "unavailable",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServingError(
                f"{self.server} does not answer as HTTP. Received: "
                f"{one_line_text(repr(error))}. Is the port that of the REST "
                "API, 8501 by default?",
                "broken",
            ) from error

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except TimeoutError as error:
            raise ServingError(
                f"{self.server} did not take the connection within "
                f"{self._connect_timeout:g} s.",
                "unavailable",
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise ServingError(
                f"{self.server} should have a certificate that is trusted. "
                f"Received: {error.verify_message}. Give the certificate of "
                "its authority as `ca_file`.",
                "broken",
            ) from error
        except ssl.SSLError as error:
            raise ServingError(
                f"{self.server} does not speak TLS that this client knows. "
                f"Received: {error.reason}. Is it http:// there?",
                "broken",
            ) from error
        except socket.gaierror as error:
            raise ServingError(
                f"{self.server} should be a host that can be found. "
                f"Received: {error.strerror}.",
                "broken",
            ) from error
        except OSError as error:
            raise ServingError(
                f"{self.server} takes no connection. "
                f"Received: {error.strerror or error}. Is the server running?",
                "unavailable",
            ) from error


def _within(
    deadline: Deadline,
    work: Callable[[], tuple[int, bytes]],
    hang_up: Callable[[], None],
) -> tuple[int, bytes]:
    """The result of `work`, which has a thread that is left at the deadline.

    The timeout of a socket is that of each read, and there is none for the look
    up of a name: a server that sends a byte a second would be awaited for ever.
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

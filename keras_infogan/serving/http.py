"""HTTP requests that end by their deadline, whatever the server does."""

import contextlib
import http.client
import socket
import ssl
import threading
from concurrent.futures import Future

from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Kind
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import ServingError
from keras_infogan.serving.transport import one_line_text


class HttpConnector:
    """Sends requests to the server of a model, each on its own connection.

    It uses the standard library: the timeouts of `urllib3`, too, limit single
    reads of a socket, so a server that sends a byte a second would exceed any
    of them.
    """

    def __init__(self, model: ServedModel):
        self._server = model.server
        self._address = (str(model.url.hostname), model.url.port)
        self._timeout = model.connect_timeout
        self._tls = None
        if model.url.scheme == "https":
            self._tls = ssl.create_default_context(cafile=model.ca_file)

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        limit: int,
        deadline: Deadline,
    ) -> tuple[int, bytes]:
        """Returns status and content, cut one byte after `limit`.

        A thread does the work and is abandoned at the deadline: the timeout of
        a socket limits each read, not all of them together, and the look-up of
        a host name has none.

        Raises:
            ServingError: If there is no complete answer by the deadline.
        """
        connection = self._new_connection()
        opened: list[socket.socket] = []
        answer: Future[tuple[int, bytes]] = Future()

        def send() -> None:
            try:
                self._connect(connection)
                opened.append(connection.sock)
                connection.sock.settimeout(deadline.remaining())
                headers = {"Content-Type": "application/json"} if body else {}
                connection.request(method, path, body, headers)
                answer.set_result(_read(connection, limit))
            except BaseException as error:
                answer.set_exception(error)
            finally:
                connection.close()

        seconds = deadline.remaining()
        threading.Thread(target=send, daemon=True).start()
        try:
            return answer.result(seconds)
        except ServingError:
            raise
        except TimeoutError:
            for each in opened:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            raise deadline.error() from None
        except (
            ConnectionError,
            ssl.SSLEOFError,
            http.client.IncompleteRead,
        ) as error:
            raise ServingError(
                f"{self._server} closed the connection before the answer was "
                f"complete. Received: {one_line_text(str(error))}.",
                "unavailable",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServingError(
                f"{self._server} does not answer as HTTP. Received: "
                f"{one_line_text(repr(error))}. Is the port that of the REST "
                "API, 8501 by default?",
                "broken",
            ) from error

    def _new_connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(
                *self._address, timeout=self._timeout
            )
        return http.client.HTTPSConnection(
            *self._address, timeout=self._timeout, context=self._tls
        )

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        kind: Kind = "broken"
        try:
            connection.connect()
            return
        except TimeoutError:
            kind = "unavailable"
            problem = (
                f"did not accept the connection within {self._timeout:g} s."
            )
        except ssl.SSLCertVerificationError as error:
            problem = (
                "should have a trusted certificate. Received: "
                f"{error.verify_message}. Pass the certificate of its "
                "authority as `ca_file`."
            )
        except ssl.SSLError as error:
            problem = (
                f"should speak TLS. Received: {error.reason}. Does it expect "
                "http://?"
            )
        except socket.gaierror as error:
            problem = (
                "should have a host name that resolves. Received: "
                f"{error.strerror}."
            )
        except OSError as error:
            kind = "unavailable"
            problem = (
                f"accepts no connection. Received: {error.strerror or error}. "
                "Is the server running?"
            )
        raise ServingError(f"{self._server} {problem}", kind)


def _read(
    connection: http.client.HTTPConnection, limit: int
) -> tuple[int, bytes]:
    with connection.getresponse() as response:
        content = response.read(limit + 1)
        # http.client accepts an answer that ends too early.
        if len(content) <= limit and response.length:
            raise http.client.IncompleteRead(content, response.length)
        return response.status, content

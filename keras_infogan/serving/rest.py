"""Requests to TensorFlow Serving over HTTP, as JSON."""

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote

import numpy as np

from keras_infogan.files import one_line
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import TensorSpec
from keras_infogan.serving.signatures import parse_metadata
from keras_infogan.serving.signatures import parse_status
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Kind
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import ServingError
from keras_infogan.serving.transport import unexpected

# In the row form, an array is on one line: at most 15 characters for a float32,
# a comma, a space, and brackets. Each output of a row has a line of its own.
_BYTES_PER_NUMBER = 32
_BYTES_PER_LINE = 64
_SMALL_ANSWER = 2**22
_KINDS: dict[int, Kind] = {
    400: "invalid",
    404: "missing",
    429: "unavailable",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}


class RestTransport:
    """Asks a model over http or https.

    An answer may be longer than `max_message_bytes`, as JSON takes more bytes
    for a number.
    """

    def __init__(self, model: ServedModel):
        self._model = model
        prefix, name = model.url.path.rstrip("/"), quote(model.name, safe="")
        self._path = f"{prefix}/v1/models/{name}"
        if model.version is not None:
            self._path += f"/versions/{model.version}"
        elif model.label is not None:
            self._path += f"/labels/{quote(model.label, safe='')}"
        self._tls = None
        if model.url.scheme == "https":
            self._tls = ssl.create_default_context(cafile=model.ca_file)

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""

    def status(self, deadline: Deadline) -> dict[int, dict[str, str]]:
        return parse_status(self._ask("", deadline))

    def metadata(self, deadline: Deadline) -> Metadata:
        answer = self._ask("/metadata", deadline)
        try:
            version = answer["model_spec"]["version"]
            signatures = answer["metadata"]["signature_def"]["signature_def"]
        except (KeyError, TypeError) as error:
            raise unexpected("the metadata of a model", answer) from error
        return parse_metadata(version, signatures)

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> tuple[dict[str, np.ndarray], None]:
        """Returns the outputs; the answer names no version.

        In the row form. In the column form, the server writes each number on a
        line of its own, indented: 6.5 times the bytes.
        """
        num_rows = len(next(iter(inputs.values())))
        columns = [
            [{"b64": base64.b64encode(row).decode()} for row in array]
            if array.dtype.kind == "O"
            else array.tolist()
            for array in inputs.values()
        ]
        rows = [
            dict(zip(inputs, row, strict=True))
            for row in zip(*columns, strict=True)
        ]
        body = json.dumps({"signature_name": name, "instances": rows}).encode()
        limit = _SMALL_ANSWER
        for key, spec in signature.outputs.items():
            limit += num_rows * (_BYTES_PER_LINE + len(key)) + (
                2 * self._model.max_message_bytes  # base64
                if spec.dtype.kind == "O"
                else num_rows * spec.row_size * _BYTES_PER_NUMBER
            )
        answer = self._ask(":predict", deadline, body=body, limit=limit)
        predictions = answer.get("predictions")
        if not isinstance(predictions, list):
            raise unexpected("`predictions`, a list", answer)
        if len(signature.outputs) == 1:
            # The server omits the name of a single output.
            (key,) = signature.outputs
            predictions = [{key: row} for row in predictions]
        try:
            outputs = {
                key: [row[key] for row in predictions]
                for key in signature.outputs
            }
        except (KeyError, TypeError) as error:
            names = ", ".join(signature.outputs)
            raise unexpected(
                f"rows of {names}", one_line(error) or answer
            ) from error
        return {
            key: self._array(key, outputs[key], spec)
            for key, spec in signature.outputs.items()
        }, None

    def _array(self, name: str, values: Any, spec: TensorSpec) -> np.ndarray:
        kinds = {"f": "fiu", "i": "iu", "b": "b"}.get(spec.dtype.kind, "O")
        try:
            if kinds == "O":
                # The server sends bytes, known by their name, as base64.
                if name.endswith("_bytes"):
                    rows = [
                        base64.b64decode(row["b64"], validate=True)
                        for row in values
                    ]
                else:
                    rows = [str.encode(row) for row in values]
                return np.array(rows, np.object_)
            array = np.asarray(values)
            if array.dtype.kind not in kinds and array.size:
                raise TypeError(f"dtype={array.dtype}")
            # Values beyond float32 become infinite, which the client refuses.
            with np.errstate(over="ignore"):
                return array.astype(spec.dtype)
        # One of base64 is a ValueError.
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise unexpected(
                f"{name!r} of {spec.dtype} values", error
            ) from error

    def _ask(
        self,
        suffix: str,
        deadline: Deadline,
        *,
        body: bytes | None = None,
        limit: int = _SMALL_ANSWER,
    ) -> dict[str, Any]:
        path = self._path + suffix
        status, content = self._exchange(path, body, limit, deadline)
        if len(content) > limit:
            raise unexpected(f"at most {limit} bytes", "a longer answer")
        text = content[:1000].decode(errors="replace")
        try:
            # Deeply nested arrays raise a RecursionError.
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if status != 200:
            if isinstance(answer, dict) and "error" in answer:
                text = str(answer["error"])
            kind = _KINDS.get(status, "broken")
            raise self._model.refusal(kind, f"HTTP {status}: {text}")
        if not isinstance(answer, dict):
            raise unexpected("a JSON object", text)
        return answer

    def _exchange(
        self, path: str, body: bytes | None, limit: int, deadline: Deadline
    ) -> tuple[int, bytes]:
        """Returns status and content, cut one byte after `limit`.

        A thread does the work and is abandoned at the deadline: the timeouts of
        sockets, which are those of `urllib3`, too, limit each read, not all of
        them together, and the look-up of a host name has none.
        """
        connection = self._new_connection()
        opened: list[socket.socket] = []
        answer: Future[tuple[int, bytes]] = Future()

        def send() -> None:
            try:
                self._connect(connection)
                opened.append(connection.sock)
                connection.sock.settimeout(deadline.remaining())
                connection.request(
                    "POST" if body else "GET",
                    path,
                    body,
                    {"Content-Type": "application/json"} if body else {},
                )
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
            problem = "closed the connection before the answer was complete"
            raise self._model.error("unavailable", problem, error) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._model.error(
                "broken",
                "does not answer as HTTP",
                repr(error),
                "Is the port that of the REST API, 8501 by default?",
            ) from error

    def _new_connection(self) -> http.client.HTTPConnection:
        url, timeout = self._model.url, self._model.connect_timeout
        address = (str(url.hostname), url.port)
        if self._tls is None:
            return http.client.HTTPConnection(*address, timeout=timeout)
        return http.client.HTTPSConnection(
            *address, timeout=timeout, context=self._tls
        )

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        kind: Kind = "broken"
        remedy = ""
        try:
            connection.connect()
            return
        except TimeoutError:
            kind, problem = "unavailable", "did not accept the connection"
            received = f"nothing within {self._model.connect_timeout:g} s"
        except ssl.SSLCertVerificationError as error:
            problem = "should have a trusted certificate"
            received = error.verify_message
            remedy = "Pass the certificate of its authority as `ca_file`."
        except ssl.SSLError as error:
            problem, received = "should speak TLS", str(error.reason)
            remedy = "Does it expect http://?"
        except socket.gaierror as error:
            problem = "should have a host name that resolves"
            received = str(error.strerror)
        except OSError as error:
            kind, problem = "unavailable", "accepts no connection"
            received = str(error.strerror or error)
            remedy = "Is the server running?"
        raise self._model.error(kind, problem, received, remedy)


def _read(
    connection: http.client.HTTPConnection, limit: int
) -> tuple[int, bytes]:
    with connection.getresponse() as response:
        content = response.read(limit + 1)
        # http.client accepts an answer that ends too early.
        if len(content) <= limit and response.length:
            raise http.client.IncompleteRead(content, response.length)
        return response.status, content

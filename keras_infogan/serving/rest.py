"""Requests to TensorFlow Serving over HTTP, as JSON."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np

from keras_infogan.serving.http import HttpConnector
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import TensorSpec
from keras_infogan.serving.signatures import parse_metadata
from keras_infogan.serving.signatures import parse_status
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Kind
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import unexpected

# A float32 in JSON has at most 16 characters; the rest is for white space.
_BYTES_PER_NUMBER = 32
_SMALL_ANSWER = 2**22
_KINDS: dict[int, Kind] = {
    400: "invalid",
    404: "missing",
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
        self.server = model.server
        self._model = model
        prefix, name = model.url.path.rstrip("/"), quote(model.name, safe="")
        self._path = f"{prefix}/v1/models/{name}"
        if model.version is not None:
            self._path += f"/versions/{model.version}"
        elif model.label is not None:
            self._path += f"/labels/{quote(model.label, safe='')}"
        self._http = HttpConnector(model)

    def close(self) -> None:
        """Does nothing: each request has a connection of its own."""

    def status(self, deadline: Deadline) -> dict[int, dict[str, str]]:
        answer = self._ask("GET", "", None, _SMALL_ANSWER, deadline)
        return parse_status(self.server, answer)

    def metadata(self, deadline: Deadline) -> Metadata:
        answer = self._ask("GET", "/metadata", None, _SMALL_ANSWER, deadline)
        try:
            version = answer["model_spec"]["version"]
            signatures = answer["metadata"]["signature_def"]["signature_def"]
        except (KeyError, TypeError) as error:
            raise unexpected(
                self.server, "the metadata of a model", str(answer)
            ) from error
        return parse_metadata(self.server, version, signatures)

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        num_rows = len(next(iter(inputs.values())))
        columns = {key: array.tolist() for key, array in inputs.items()}
        body = json.dumps({"signature_name": name, "inputs": columns}).encode()
        limit = _SMALL_ANSWER
        for spec in signature.outputs.values():
            limit += (
                2 * self._model.max_message_bytes  # base64
                if spec.dtype.kind == "O"
                else num_rows * spec.row_size * _BYTES_PER_NUMBER
            )
        answer = self._ask("POST", ":predict", body, limit, deadline)
        if "outputs" not in answer:
            raise unexpected(self.server, "`outputs`", str(answer))
        outputs = answer["outputs"]
        if len(signature.outputs) == 1:
            # The server omits the name of a single output.
            outputs = {next(iter(signature.outputs)): outputs}
        if not isinstance(outputs, dict):
            raise unexpected(self.server, "outputs by name", str(outputs))
        return {
            key: self._array(key, outputs.get(key), spec)
            for key, spec in signature.outputs.items()
        }

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
                self.server, f"{name!r} of {spec.dtype} values", str(error)
            ) from error

    def _ask(
        self,
        method: str,
        suffix: str,
        body: bytes | None,
        limit: int,
        deadline: Deadline,
    ) -> dict[str, Any]:
        status, content = self._http.exchange(
            method, self._path + suffix, body, limit, deadline
        )
        if len(content) > limit:
            raise unexpected(
                self.server, f"at most {limit} bytes", "a longer answer"
            )
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
            raise unexpected(self.server, "a JSON object", text)
        return answer

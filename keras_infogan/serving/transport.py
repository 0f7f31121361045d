"""What calls to TensorFlow Serving share: errors, deadlines, shapes."""

import math
import random
import time
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import Protocol
from typing import TypeVar
from urllib.parse import SplitResult

import numpy as np

from keras_infogan.files import one_line

Kind = Literal["unavailable", "missing", "invalid", "timeout", "broken"]
Result = TypeVar("Result")

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
# Bytes of a message for names and shapes.
_OVERHEAD = 2**16
_DTYPES: dict[str, type] = {
    "DT_FLOAT": np.float32,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_BOOL": np.bool_,
    "DT_STRING": np.object_,
}


class ServingError(OSError):
    """A server that cannot be reached, refuses, or answers something else.

    Attributes:
        kind: `unavailable` if the same call may succeed soon; `missing` if the
            model or version is not there; `invalid` if the request was refused;
            `timeout`; `broken` if asking again cannot help.
    """

    def __init__(self, message: str, kind: Kind):
        super().__init__(message)
        self.kind: Kind = kind


class Deadline:
    """The end of the time that a call and all its retries have together.

    Args:
        seconds: How long that is from now, more than 0.
        server: Who is asked, for the message.
    """

    def __init__(self, seconds: float, server: str):
        self.seconds = seconds
        self.server = server
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, 0 at the end."""
        return max(0.0, self._end - time.monotonic())

    def remaining(self) -> float:
        """Seconds left; raises `ServingError` if there are none."""
        seconds = self.left()
        if not seconds:
            raise self.error()
        return seconds

    def error(self) -> ServingError:
        """What is raised when the time is over."""
        return ServingError(
            f"{self.server} did not answer within {self.seconds:g} s. "
            "Look at its log and load, or raise `timeout`.",
            "timeout",
        )


class TensorSpec(NamedTuple):
    """Type and shape of an input or output; None is the batch."""

    dtype: np.dtype
    shape: tuple[int | None, ...]

    @property
    def row_size(self) -> int:
        """Elements in a row of the batch."""
        return math.prod(size or 1 for size in self.shape[1:])


class Signature(NamedTuple):
    """What one function of the model takes and gives, by name."""

    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]


class Metadata(NamedTuple):
    """The version that answered, and its signatures by name."""

    version: int
    signatures: dict[str, Signature]


class ServedModel(NamedTuple):
    """The model that a transport asks, and how.

    Attributes:
        url: Its scheme chooses the transport; a path is a prefix, for REST.
        name: The name of the model.
        version: A version, or None.
        label: A label of a version, or None.
        connect_timeout: Seconds for each connection.
        max_message_bytes: The largest answer as a message of gRPC.
        ca_file: Certificates to trust in place of the system's, or gRPC's.
    """

    url: SplitResult
    name: str
    version: int | None
    label: str | None
    connect_timeout: float
    max_message_bytes: int
    ca_file: Path | None

    @property
    def server(self) -> str:
        """Who is asked, for messages."""
        return f"{self.url.scheme}://{self.url.netloc}"

    def refusal(self, kind: Kind, detail: str) -> ServingError:
        """The error for an answer that is one; `detail` is the server's."""
        model = f"the model {self.name!r}"
        sentence = {
            "unavailable": f"{self.server} is overloaded or not ready yet.",
            "missing": f"{self.server} does not serve {model} (any more).",
            "invalid": f"{self.server} refused the request to {model}.",
        }.get(kind, f"{self.server} failed on the request to {model}.")
        return ServingError(
            f"{sentence} Received: {one_line_text(detail)}", kind
        )


class Transport(Protocol):
    """One way to ask a server. Each call ends at its deadline, with an error.

    It connects directly, without the proxies of the environment, and verifies
    certificate and host name where there is TLS. What is returned by `predict`
    has the types and shapes of the signature.
    """

    server: str

    def status(self, deadline: Deadline) -> dict[int, dict[str, str]]: ...

    def metadata(self, deadline: Deadline) -> Metadata: ...

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]: ...

    def close(self) -> None: ...


def call_with_retries(
    call: Callable[[Deadline], Result], deadline: Deadline, retries: int
) -> Result:
    """The result of `call`, asked again where the server is unavailable.

    Nothing that the server does changes it, so asking twice is safe. The pauses
    double from 0.1 s to 5 s, each shortened by up to a half at random, so that
    the clients of a server that returns do not all come at once.

    Args:
        call: Gets the deadline that it has to keep.
        deadline: When all attempts end.
        retries: Attempts after the first.
    """
    pause = _FIRST_PAUSE
    while True:
        shortened = pause * random.uniform(0.5, 1.0)
        try:
            return call(deadline)
        except ServingError as error:
            if (
                error.kind != "unavailable"
                or not retries
                or shortened >= deadline.left()
            ):
                raise
        time.sleep(shortened)
        retries -= 1
        pause = min(2 * pause, _LONGEST_PAUSE)


def rows_per_request(
    signature: Signature, max_batch_size: int, max_message_bytes: int
) -> int:
    """How many rows a request can have, so that it and its answer are short."""
    largest = max(
        sum(spec.dtype.itemsize * spec.row_size for spec in specs.values())
        for specs in (signature.inputs, signature.outputs)
    )
    rows = (max_message_bytes - _OVERHEAD) // largest
    if rows < 1:
        raise ValueError(
            "`max_message_bytes` should be enough for one row, which takes "
            f"{largest + _OVERHEAD}. Received: {max_message_bytes}."
        )
    return min(rows, max_batch_size)


def unexpected(server: str, expected: str, received: str) -> ServingError:
    """The error for an answer that is not what the protocol says."""
    return ServingError(
        f"{server} should give {expected}. Received: {one_line_text(received)}."
        " Is it TensorFlow Serving, with a model of `export_saved_model`?",
        "broken",
    )


def one_line_text(text: str) -> str:
    """Text of others in one line, cut off, without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[:2000])
    return one_line(ValueError(printable)) or "nothing"


def parse_status(
    server: str, response: Mapping[str, Any]
) -> dict[int, dict[str, str]]:
    """State and error of each version, from a GetModelStatusResponse."""
    try:
        return {
            int(entry["version"]): {
                "state": str(entry.get("state", "UNKNOWN")),
                "error": str(entry.get("status", {}).get("error_message", "")),
            }
            for entry in response.get("model_version_status", [])
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unexpected(
            server, "versions and states", str(response)
        ) from error


def parse_metadata(
    server: str, version: Any, signature_defs: Mapping[str, Any]
) -> Metadata:
    """Version and signatures, from the JSON of a GetModelMetadataResponse."""
    try:
        signatures = {
            name: Signature(
                _parse_tensors(definition.get("inputs", {})),
                _parse_tensors(definition.get("outputs", {})),
            )
            for name, definition in signature_defs.items()
            # TensorFlow lists functions of its own as `__saved_model_...`.
            if not name.startswith("__")
        }
        return Metadata(int(version), signatures)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unexpected(
            server, "signatures of the model", f"{error!r}"
        ) from error


def _parse_tensors(tensors: Mapping[str, Any]) -> dict[str, TensorSpec]:
    return {
        name: TensorSpec(
            np.dtype(_DTYPES[info["dtype"]]),
            tuple(
                None if int(dim.get("size", 0)) < 0 else int(dim["size"])
                for dim in info["tensor_shape"].get("dim", [])
            ),
        )
        for name, info in tensors.items()
    }


def check_output(
    server: str, name: str, array: np.ndarray, spec: TensorSpec, num_rows: int
) -> None:
    """Raises if an output is not of the signature, or has NaN or infinity."""
    expected = (num_rows, *spec.shape[1:])
    if len(array.shape) != len(expected) or any(
        wanted not in (None, size)
        for wanted, size in zip(expected, array.shape, strict=True)
    ):
        raise unexpected(
            server, f"{name!r} of shape {expected}", f"shape={array.shape}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise unexpected(server, f"finite {name!r}", "NaN or infinity")

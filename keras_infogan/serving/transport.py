"""What both transports, REST and gRPC, share: deadlines, retries, errors."""

import random
import time
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple
from typing import Protocol
from typing import TypeVar
from urllib.parse import SplitResult

import numpy as np

from keras_infogan.serving.errors import Kind
from keras_infogan.serving.errors import ServingError
from keras_infogan.serving.errors import one_line_text
from keras_infogan.serving.errors import unexpected
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import Signature

Result = TypeVar("Result")

_FIRST_PAUSE = 0.1


class Deadline:
    """When a request must have ended, including all its retries.

    Args:
        seconds: The time from now on, greater than 0.
        server: The server, for the error message.
    """

    def __init__(self, seconds: float, server: str):
        self.seconds = seconds
        self.server = server
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds left, 0 after the deadline."""
        return max(0.0, self._end - time.monotonic())

    def remaining(self) -> float:
        """The seconds left; raises `ServingError` after the deadline."""
        seconds = self.left()
        if not seconds:
            raise self.error()
        return seconds

    def error(self) -> ServingError:
        """The error for a deadline that has passed."""
        return ServingError(
            f"{self.server} did not answer within {self.seconds:g} s. "
            "Look at its log and load, or raise `timeout`.",
            "timeout",
        )


class ServedModel(NamedTuple):
    """The model that a transport asks, and how to reach it.

    The arguments of `PredictionClient`; the scheme of `url` selects the
    transport.
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
        """The address of the server, for messages."""
        return f"{self.url.scheme}://{self.url.netloc}"

    def refusal(self, kind: Kind, detail: str) -> ServingError:
        """The error for an error that the server has returned."""
        model = f"the model {self.name!r}"
        problem = {
            "unavailable": "is overloaded or not ready yet",
            "missing": f"does not serve {model} (any more)",
            "invalid": f"refused the request to {model}",
        }.get(kind, f"failed on the request to {model}")
        return ServingError(
            f"{self.server} {problem}. Received: {one_line_text(detail)}", kind
        )


class Transport(Protocol):
    """A way to reach a server: each method returns or raises by its deadline.

    Connections are direct, ignoring proxies in the environment. With TLS,
    certificate and host name are verified. `predict` returns an array for each
    output of the signature, which the client checks.
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


def retry(
    request: Callable[[Deadline], Result], deadline: Deadline, retries: int
) -> Result:
    """Sends a request again while the server is unavailable.

    No request changes the server, so repeating one is safe. Pauses double from
    0.1 s to 5 s. Each is shortened at random by up to a half, so that not all
    clients return to a recovering server at once.

    Args:
        request: A function that takes the deadline.
        deadline: The end of all attempts.
        retries: The number of attempts after the first.

    Raises:
        ServingError: The error of the last attempt.
    """
    pause = _FIRST_PAUSE
    while True:
        shortened = pause * random.uniform(0.5, 1.0)
        try:
            return request(deadline)
        except ServingError as error:
            if (
                error.kind != "unavailable"
                or not retries
                or shortened >= deadline.left()
            ):
                raise
        time.sleep(shortened)
        retries -= 1
        pause = min(2 * pause, 5.0)


def wait_until_ready(
    transport: Transport, deadline: Deadline, label: str | None
) -> None:
    """Polls until the model answers, at most every 2 s.

    The status of the server ignores labels, so a label is looked up in the
    metadata.

    Raises:
        ServingError: With the last reason at the deadline, or at once if
            waiting cannot help.
    """
    pause, reason = _FIRST_PAUSE, "no answer"
    while deadline.left():
        try:
            if label is not None:
                transport.metadata(deadline)
                return
            versions = transport.status(deadline)
            if any(v["state"] == "AVAILABLE" for v in versions.values()):
                return
            reason = str(versions)
        except ServingError as error:
            if error.kind == "broken":
                raise
            if error.kind != "timeout":
                reason = str(error)
        time.sleep(min(pause, deadline.left()))
        pause = min(2 * pause, 2.0)
    raise ServingError(
        f"{transport.server} was not ready within {deadline.seconds:g} s. "
        f"Received: {reason}",
        "timeout",
    )


def parse_status(
    server: str, response: Mapping[str, Any]
) -> dict[int, dict[str, str]]:
    """Parses a GetModelStatusResponse: state and error of each version."""
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

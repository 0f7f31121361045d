"""The common part of REST and gRPC: one-line errors, deadlines, retries."""

import logging
import math
import random
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from typing import TypeVar
from urllib.parse import SplitResult
from urllib.parse import urlsplit

from keras_infogan.files import one_line

_logger = logging.getLogger(__name__)
Result = TypeVar("Result")
Kind = Literal["unavailable", "missing", "invalid", "timeout", "broken"]

# Seconds between attempts, which double, and between questions for a state.
_FIRST_PAUSE = 0.1
_LONGEST_RETRY_PAUSE = 5.0
_LONGEST_POLL_PAUSE = 2.0


class ServingError(OSError):
    """A server is unreachable, refuses a request, or gives a wrong answer.

    Attributes:
        kind: `unavailable` if the same request may succeed soon; `missing` if
            the model or version does not exist; `invalid` if the server refused
            the request; `timeout`; `broken` if retrying cannot help.
    """

    def __init__(self, message: str, kind: Kind):
        super().__init__(message)
        self.kind: Kind = kind


def unexpected(expected: str, received: object) -> ServingError:
    """The error for an answer that violates the protocol."""
    return ServingError(
        f"The server should return {expected}. Received: "
        f"{one_line_text(str(received))}. Is it TensorFlow Serving, with a "
        "model of `export_saved_model`?",
        "broken",
    )


def one_line_text(text: str) -> str:
    """Foreign text in one line, shortened, without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[:2000])
    return one_line(ValueError(printable)) or "nothing"


class Deadline:
    """When a request must have ended, including all its retries."""

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


@dataclass(frozen=True)
class ServedModel:
    """The arguments of `PredictionClient`, which are checked here."""

    address: str
    name: str
    version: int | None
    label: str | None
    timeout: float
    connect_timeout: float
    retries: int | None
    max_batch_size: int
    max_message_bytes: int
    ca_file: Path | str | None

    def __post_init__(self):
        _check_url(self.address)
        if not self.name or "/" in self.name or ":" in self.name:
            raise ValueError(
                "`model` should be a name without / and :. "
                f"Received: {self.name!r}."
            )
        if self.version is not None and self.label is not None:
            raise ValueError(
                "Choose `version` or `label`, not both. "
                f"Received: version={self.version}, label={self.label!r}."
            )
        label = "none" if self.label is None else self.label
        if not re.fullmatch(r"[a-zA-Z0-9_]+", label):
            raise ValueError(
                f"`label` should be letters, digits and _. Received: {label!r}."
            )
        timeouts = (self.timeout, self.connect_timeout)
        if not all(0 < seconds < math.inf for seconds in timeouts):
            raise ValueError(
                "`timeout` and `connect_timeout` should be greater than 0 "
                f"seconds. Received: {timeouts[0]!r} and {timeouts[1]!r}."
            )
        limits = {"version": 0, "retries": 0, "max_batch_size": 1}
        for option, least in limits.items():
            number = getattr(self, option)
            if number is not None and number < least:
                raise ValueError(
                    f"`{option}` should be at least {least}. "
                    f"Received: {number}."
                )
        try:
            if self.ca_file is not None:
                ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise ValueError(
                "`ca_file` should be a PEM file of certificates. "
                f"Received: {str(self.ca_file)!r}, {error.strerror or error}."
            ) from error

    @property
    def url(self) -> SplitResult:
        """The parts of the address."""
        return urlsplit(self.address)

    @property
    def server(self) -> str:
        """The address of the server, for messages."""
        return f"{self.url.scheme}://{self.url.netloc}"

    def deadline(self, seconds: float | None = None) -> Deadline:
        """The end of a request that begins now, by default after `timeout`."""
        seconds = self.timeout if seconds is None else seconds
        return Deadline(seconds, self.server)

    def error(
        self, kind: Kind, problem: str, received: object, remedy: str = ""
    ) -> ServingError:
        """The error for a problem of the server, which its address begins."""
        text = one_line_text(str(received))
        return ServingError(
            f"{self.server} {problem}. Received: {text}. {remedy}".rstrip(),
            kind,
        )

    def refusal(self, kind: Kind, received: str) -> ServingError:
        """The error for an error that the server has returned."""
        model = f"the model {self.name!r}"
        problem = {
            "unavailable": "is overloaded or not ready yet",
            "missing": f"does not serve {model} (any more)",
            "invalid": f"refused the request to {model}",
        }.get(kind, f"failed on the request to {model}")
        return self.error(kind, problem, received)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
        # The standard library would fail here later, in a thread.
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise ValueError(
            f"`url` should be a valid URL. Received: {url!r}, {error}."
        ) from error
    if (
        parts.scheme not in ("http", "https", "grpc", "grpcs")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or (parts.path.strip("/") and parts.scheme.startswith("grpc"))
        or not url.isprintable()
        or " " in url
    ):
        raise ValueError(
            "`url` should be like http://host:8501, https://host/prefix, "
            f"grpc://host:8500 or grpcs://host. Received: {url!r}."
        )


def retry(
    request: Callable[[Deadline], Result],
    deadline: Deadline,
    retries: int | None = None,
) -> Result:
    """Sends a request again while the server is unavailable.

    No request changes the server, so repeating one is safe. Pauses double. Each
    is shortened at random by up to a half, so that not all clients return to a
    recovering server at once. The error of the last attempt is raised: of the
    last one before the deadline, or after `retries` others.
    """
    pause = _FIRST_PAUSE
    attempts = 0
    while True:
        shortened = pause * random.uniform(0.5, 1.0)
        try:
            return request(deadline)
        except ServingError as error:
            if (
                error.kind != "unavailable"
                or attempts == retries
                or shortened >= deadline.left()
            ):
                raise
            if not attempts:
                _logger.debug("Retrying for %.3g s. %s", deadline.left(), error)
        time.sleep(shortened)
        attempts += 1
        pause = min(2 * pause, _LONGEST_RETRY_PAUSE)


def wait(
    find_reason: Callable[[Deadline], str | None], deadline: Deadline
) -> None:
    """Polls, in doubling pauses, until there is no reason to wait.

    Raises `ServingError` with the last reason at the deadline, or at once if
    waiting cannot help.
    """
    pause, reason = _FIRST_PAUSE, "no answer"
    while deadline.left():
        try:
            found = find_reason(deadline)
            if found is None:
                return
            reason = found
        except ServingError as error:
            if error.kind == "broken":
                raise
            if error.kind != "timeout":
                reason = str(error)
        time.sleep(min(pause, deadline.left()))
        pause = min(2 * pause, _LONGEST_POLL_PAUSE)
    raise ServingError(
        f"{deadline.server} was not ready within {deadline.seconds:g} s. "
        f"Received: {reason}",
        "timeout",
    )

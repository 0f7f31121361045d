"""Errors of the client, each in one line."""

from typing import Literal

from keras_infogan.files import one_line

Kind = Literal["unavailable", "missing", "invalid", "timeout", "broken"]


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


def unexpected(server: str, expected: str, received: str) -> ServingError:
    """The error for an answer that violates the protocol."""
    return ServingError(
        f"{server} should return {expected}. Received: "
        f"{one_line_text(received)}. Is it TensorFlow Serving, with a model of "
        "`export_saved_model`?",
        "broken",
    )


def one_line_text(text: str) -> str:
    """Foreign text in one line, shortened, without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[:2000])
    return one_line(ValueError(printable)) or "nothing"

"""Requests to a served model whose version may change between any two."""

import contextlib
import time
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.files import one_line
from keras_infogan.serving.rest import RestTransport
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import check_outputs
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Result
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import ServingError
from keras_infogan.serving.transport import retry
from keras_infogan.serving.transport import wait

if TYPE_CHECKING:
    from keras_infogan.serving.grpc import GrpcTransport

# An output that is the same for all rows, and differs between versions.
FINGERPRINT = "fingerprint"
# How long to trust what answers do not confirm: REST, and an older export.
_TRUSTED_SECONDS = 10.0


class _ReplacedError(ServingError):
    """Another version has answered than the one that is known."""


@dataclass
class Known:
    """What is known of one version, from its answers.

    Attributes:
        metadata: Its number and its signatures.
        code_map: The meaning of its codes, once it was asked.
    """

    metadata: Metadata
    code_map: CodeMap | None = None
    _identity: dict[str, Any] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def is_outdated(self) -> bool:
        """Whether it is old, and no answer tells which version gave it."""
        age = time.monotonic() - self._since
        return not self._identity and age > _TRUSTED_SECONDS

    def is_of(self, answer: Mapping[str, Any]) -> bool:
        """Whether the same version gave an answer, as far as it tells."""
        return all(
            self._identity.setdefault(key, value) == value
            for key, value in answer.items()
            if value is not None
        )


class Session:
    """Asks the version that is served, whichever that is at the time."""

    def __init__(self, model: ServedModel):
        self._model = model
        self._transport = _open(model)
        self._known: Known | None = None

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def load(self, deadline: Deadline) -> Known:
        """Asks for the version that answers now."""
        metadata = self._retry(self._transport.metadata, deadline)
        self._known = Known(metadata)
        return self._known

    def ask(self, request: Callable[[Known, Deadline], Result]) -> Result:
        """Makes a request, again whenever another version takes over.

        So all its parts, and what it was made from, are of one version.
        """
        deadline = self._model.deadline()
        while True:
            known = self._known
            is_new = known is None or known.is_outdated()
            if known is None or is_new:
                known = self.load(deadline)
            try:
                return request(known, deadline)
            except _ReplacedError:
                self._known = None
                if not deadline.left():
                    raise
            except (ServingError, ValueError) as error:
                # It may suit the version that answers now.
                kind = getattr(error, "kind", "invalid")
                if (
                    is_new
                    or kind not in ("invalid", "broken")
                    or not self._has_changed(known, deadline)
                ):
                    raise

    def _has_changed(self, known: Known, deadline: Deadline) -> bool:
        with contextlib.suppress(ServingError):
            current = self.load(deadline).metadata
            return current.version != known.metadata.version
        return False

    def predict(
        self,
        known: Known,
        name: str,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Calls a signature of a version, in as many requests as necessary."""
        signature = known.metadata.signature(name)
        num_rows = len(next(iter(inputs.values())))
        step = signature.rows_per_request(
            self._model.max_batch_size, self._model.max_message_bytes
        )
        parts = []
        for start in range(0, num_rows, step):
            stop = min(start + step, num_rows)
            part = {key: array[start:stop] for key, array in inputs.items()}
            outputs, version = self._retry(
                partial(self._transport.predict, name, signature, part),
                deadline,
            )
            check_outputs(signature, outputs, stop - start)
            (fingerprint, *_) = outputs.get(FINGERPRINT, [None])
            if not known.is_of({"version": version, FINGERPRINT: fingerprint}):
                raise _ReplacedError(
                    f"{self._model.server} should answer with one version of "
                    f"the model {self._model.name!r}. Received: answers of "
                    "several. Ask for one by `version`.",
                    "unavailable",
                )
            parts.append(outputs)
        return {
            key: np.concatenate([part[key] for part in parts])
            for key in signature.outputs
        }

    def status(self, deadline: Deadline) -> dict[int, dict[str, str]]:
        """State and error of each version."""
        return self._retry(self._transport.status, deadline)

    def wait_until_ready(self, deadline: Deadline) -> None:
        """Returns once the model, or its chosen version, answers."""
        by_label = self._model.label is not None
        wait(self._find_label if by_label else self._find_version, deadline)

    def _find_label(self, deadline: Deadline) -> str | None:
        try:
            self._transport.metadata(deadline)
        except ServingError as error:
            if error.kind != "invalid":
                raise
            # The status ignores labels.
            return f"{error} {_describe(self._transport.status(deadline))}"
        return None

    def _find_version(self, deadline: Deadline) -> str | None:
        versions = self._transport.status(deadline)
        if any(each["state"] == "AVAILABLE" for each in versions.values()):
            return None
        if versions and all(
            each["state"] == "END" and each["error"]
            for each in versions.values()
        ):
            raise self._model.error(
                "broken",
                "could not load the model",
                _describe(versions),
                "Publish a version that loads, and look at the server's log.",
            )
        return _describe(versions)

    def _retry(
        self, request: Callable[[Deadline], Result], deadline: Deadline
    ) -> Result:
        return retry(request, deadline, self._model.retries)


def _describe(versions: Mapping[int, Mapping[str, str]]) -> str:
    return "; ".join(
        f"version {number}: {each['state']} {each['error']}".rstrip()
        for number, each in versions.items()
    )


def _open(model: ServedModel) -> "RestTransport | GrpcTransport":
    if not model.url.scheme.startswith("grpc"):
        return RestTransport(model)
    try:
        from keras_infogan.serving.grpc import GrpcTransport
    except ImportError as error:
        raise ServingError(
            "gRPC needs grpcio and tensorflow-serving-api. Received: "
            f"{one_line(error)}. Install keras-infogan[serving], or use the "
            "REST API at http://.",
            "broken",
        ) from error
    return GrpcTransport(model)

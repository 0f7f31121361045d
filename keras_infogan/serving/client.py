"""A client for TensorFlow Serving; by REST it needs no TensorFlow."""

import json
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from typing import Self

import numpy as np
import numpy.typing as npt

from keras_infogan.serving.choices import CodeMap
from keras_infogan.serving.choices import find_digit
from keras_infogan.serving.choices import load_code_map
from keras_infogan.serving.choices import make_seeds
from keras_infogan.serving.choices import needs_code_map
from keras_infogan.serving.choices import sample_inputs
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Metadata
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import ServingError as ServingError
from keras_infogan.serving.transport import Signature
from keras_infogan.serving.transport import Transport
from keras_infogan.serving.transport import call_with_retries
from keras_infogan.serving.transport import rows_per_request
from keras_infogan.serving.transport import unexpected
from keras_infogan.serving.validation import check_certificates
from keras_infogan.serving.validation import check_images
from keras_infogan.serving.validation import check_inputs
from keras_infogan.serving.validation import check_model
from keras_infogan.serving.validation import check_numbers
from keras_infogan.serving.validation import split_url

# gRPC refuses larger answers by default.
MAX_MESSAGE_BYTES = 4 * 2**20
_LONGEST_POLL = 2.0


class PredictionClient:
    """Asks a model of `export_saved_model` that TensorFlow Serving serves.

    All calls leave the server as it is, so they are asked again, with pauses
    between, where it takes no connection, loses one, or is overloaded. What it
    refuses is not asked again. Nothing takes longer than `timeout`, all
    attempts and parts together. Connections are direct, without the proxies of
    the environment.

    Args:
        url: `http://host:8501` or `https://...` for the REST API, which needs
            no TensorFlow; a path is a prefix. `grpc://host:8500` or
            `grpcs://...` for gRPC, which takes a third of the bytes. It needs
            `keras-infogan[serving]`, and imports TensorFlow when the client is
            made, which takes seconds and writes lines to stderr. https and
            grpcs verify the certificate.
        model: The name of the model.
        version: The version to ask; by default the newest that is loaded.
        label: A label of a version, such as `canary`, in place of it.
        code_map: What the codes mean, for choices by name: the content of a
            `code_map.json` or its path. By default the model is asked, once,
            when a name is chosen.
        timeout: Seconds for a call.
        connect_timeout: Seconds for each connection.
        retries: Attempts after the first.
        max_batch_size: Rows in a request; at most the server's
            `max_batch_size`, where batching is enabled.
        max_message_bytes: The size of a request and of its answer in gRPC;
            what is longer is split. JSON is split at the same rows.
        ca_file: Certificates to trust in place of those of the system.

    Raises:
        ValueError: If an argument cannot be.
        ServingError: If gRPC is not installed.

    Example:
    ```python
    client = PredictionClient("http://localhost:8501", "infogan")
    client.wait_until_ready()
    images = client.sample(digit="7", count=16, seed=0, slant=0.5)
    ```
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        code_map: CodeMap | Path | str | None = None,
        timeout: float = 60.0,
        connect_timeout: float = 5.0,
        retries: int = 4,
        max_batch_size: int = 128,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        ca_file: Path | str | None = None,
    ):
        parts = split_url(url)
        check_model(model, version, label)
        if ca_file is not None:
            check_certificates(Path(ca_file))
        check_numbers(timeout, connect_timeout, retries, max_batch_size)
        self.timeout = timeout
        self.retries = retries
        self.max_batch_size = max_batch_size
        self.max_message_bytes = max_message_bytes
        self.code_map = None if code_map is None else load_code_map(code_map)
        self._asks_code_map = code_map is None
        self._label = label
        self._metadata: Metadata | None = None
        served = ServedModel(
            parts,
            model,
            version=version,
            label=label,
            connect_timeout=connect_timeout,
            max_message_bytes=max_message_bytes,
            ca_file=None if ca_file is None else Path(ca_file),
        )
        self._transport = _open(served)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; the client is not used after it."""
        self._transport.close()

    def sample(
        self, *, count: int = 1, seed: npt.ArrayLike = 0, **choices: Any
    ) -> np.ndarray:
        """Draws images.

        Args:
            count: How many, at least 1.
            seed: Of the noise of the first image, the next ones counting up, so
                that `sample(count=1, seed=seed + i, ...)` is image `i` alone;
                or one for each image. The same seed gives the same image on any
                replica, as does `model.generate(1, seed=seed, codes=...)`.
            **choices: A value for all images, or one for each: by the name of a
                code (`category=7`, `continuous=[0.5, 0]`); by what the codes
                mean, the name of a category (`category="7"`, `digit=7`) or an
                attribute (`slant=0.5`), of which a larger value is more.
                Categories that are not chosen take turns; other codes that are
                not chosen are 0.

        Returns:
            Float32 array of shape `(count, height, width, channels)` in
            [-1, 1].

        Raises:
            ValueError: If a choice cannot be.
            ServingError: If the server gives no images.
        """
        # What can be refused before anybody is asked.
        seeds = make_seeds(seed, count)
        if "digit" in choices and self.code_map is not None:
            find_digit(choices["digit"], self.code_map)
        deadline = self._deadline()
        signature = self._signature("sample", deadline)
        if self.code_map is None and needs_code_map(signature, choices):
            self.code_map = self._ask_code_map(deadline)
        inputs = sample_inputs(
            signature,
            self._signature("serving_default", deadline),
            self.code_map or {},
            seeds=seeds,
            choices=choices,
        )
        outputs = self._predict("sample", inputs, deadline)
        if not {"image", "valid"} <= set(outputs):
            raise unexpected(
                self._transport.server, "`image` and `valid`", str([*outputs])
            )
        invalid = np.flatnonzero(~outputs["valid"])
        if invalid.size:
            raise ValueError(
                "Codes should be in the ranges that the model was trained on. "
                f"Received: {invalid.size} of {count} images that "
                f"{self._transport.server} marks as invalid, the first being "
                f"number {invalid[0]}."
            )
        return outputs["image"]

    def encode(self, images: npt.ArrayLike) -> dict[str, np.ndarray]:
        """Reads the codes from images: the parameters of `Q(c|x)`.

        Args:
            images: Float array of shape `(num_images, height, width, channels)`
                in [-1, 1].

        Returns:
            Float32 arrays of `num_images` rows, such as `category_logits`,
            `category_probabilities`, `continuous_mean` and
            `continuous_log_stddev`.

        Raises:
            ValueError: If shape, type or range of the images is another.
            ServingError: If the server gives no codes.
        """
        array = np.asarray(images)
        check_images(array)
        return self.predict("encode", {"image": array})

    def predict(
        self, signature: str, inputs: Mapping[str, npt.ArrayLike]
    ) -> dict[str, np.ndarray]:
        """Calls any signature, in as many requests as it takes.

        Args:
            signature: Its name, such as `serving_default` or `sample_png`.
            inputs: An array for each input, all of the same number of rows.

        Returns:
            The outputs by name, in the order of the rows; bytes as objects.

        Raises:
            ValueError: If the inputs are not those of the signature.
            ServingError: If the server does not answer, or something else.
        """
        deadline = self._deadline()
        specs = self._signature(signature, deadline).inputs
        return self._predict(signature, check_inputs(inputs, specs), deadline)

    def status(self) -> dict[int, dict[str, str]]:
        """`state` and `error` of each version, or of the chosen `version`.

        A version can be asked when its state is `AVAILABLE`. TensorFlow Serving
        does not look at labels here: with one, it tells of all versions.
        """
        return call_with_retries(
            self._transport.status, self._deadline(), self.retries
        )

    def metadata(self) -> Metadata:
        """The version that answers now, and types and shapes of its signatures.

        It is kept for later calls, which start by asking for it otherwise.
        Call it where another version may have come, whose categories are
        others: the code map of the model is asked for anew, too.
        """
        return self._load_metadata(self._deadline())

    def wait_until_ready(self, timeout: float | None = None) -> None:
        """Returns when the model, or the chosen version of it, can be asked.

        Args:
            timeout: Seconds; by default that of the client.

        Raises:
            ServingError: If it is not after `timeout`, with the reason that was
                last seen, or at once if waiting cannot help.
        """
        timeout = self.timeout if timeout is None else timeout
        deadline = Deadline(timeout, self._transport.server)
        pause, reason = 0.1, "no answer"
        while deadline.left():
            try:
                if self._label is not None:
                    self._transport.metadata(deadline)
                    return
                versions = self._transport.status(deadline)
                if any(v["state"] == "AVAILABLE" for v in versions.values()):
                    return
                reason = str(versions)
            except ServingError as error:
                if error.kind == "broken":
                    raise
                if error.kind != "timeout":
                    reason = str(error)
            time.sleep(min(pause, deadline.left()))
            pause = min(2 * pause, _LONGEST_POLL)
        raise ServingError(
            f"{self._transport.server} was not ready within {timeout:g} s. "
            f"Received: {reason}",
            "timeout",
        )

    def _deadline(self) -> Deadline:
        return Deadline(self.timeout, self._transport.server)

    def _load_metadata(self, deadline: Deadline) -> Metadata:
        self._metadata = call_with_retries(
            self._transport.metadata, deadline, self.retries
        )
        if self._asks_code_map:
            self.code_map = None
        return self._metadata

    def _ask_code_map(self, deadline: Deadline) -> CodeMap:
        """What the model says of its codes; empty if it does not know."""
        metadata = self._metadata or self._load_metadata(deadline)
        if "code_map" not in metadata.signatures:
            return {}
        rows = {"row": np.zeros(1, np.int64)}
        (text,) = self._predict("code_map", rows, deadline)["code_map"]
        if not text:
            return {}
        try:
            return load_code_map(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise unexpected(
                self._transport.server, "a code map, as JSON", str(error)
            ) from error

    def _signature(self, name: str, deadline: Deadline) -> Signature:
        metadata = self._metadata or self._load_metadata(deadline)
        if name not in metadata.signatures:
            raise ServingError(
                f"{self._transport.server} should serve a model with the "
                f"signature {name!r}. Received: one with "
                f"{', '.join(metadata.signatures) or 'none'}. Was it published "
                "by `export_saved_model`?",
                "broken",
            )
        return metadata.signatures[name]

    def _predict(
        self, name: str, inputs: Mapping[str, np.ndarray], deadline: Deadline
    ) -> dict[str, np.ndarray]:
        signature = self._signature(name, deadline)
        num_rows = len(next(iter(inputs.values())))
        step = rows_per_request(
            signature, self.max_batch_size, self.max_message_bytes
        )
        parts = []
        for start in range(0, num_rows, step):
            part = {
                key: array[start : start + step]
                for key, array in inputs.items()
            }
            call = partial(self._transport.predict, name, signature, part)
            parts.append(call_with_retries(call, deadline, self.retries))
        return {
            key: np.concatenate([part[key] for part in parts])
            for key in signature.outputs
        }


def _open(model: ServedModel) -> Transport:
    if model.url.scheme.startswith("grpc"):
        from keras_infogan.serving.grpc import GrpcTransport

        return GrpcTransport(model)
    from keras_infogan.serving.rest import RestTransport

    return RestTransport(model)

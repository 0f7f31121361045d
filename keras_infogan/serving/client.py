"""A client for TensorFlow Serving; over REST it needs no TensorFlow."""

import json
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.files import one_line
from keras_infogan.images import check_images
from keras_infogan.serving.choices import make_seeds
from keras_infogan.serving.choices import needs_code_map
from keras_infogan.serving.choices import sample_inputs
from keras_infogan.serving.rest import RestTransport
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import check_inputs
from keras_infogan.serving.signatures import check_outputs
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Result
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import ServingError
from keras_infogan.serving.transport import retry
from keras_infogan.serving.transport import unexpected
from keras_infogan.serving.transport import wait

if TYPE_CHECKING:
    from keras_infogan.serving.grpc import GrpcTransport

# The largest answer that gRPC accepts by default.
MAX_MESSAGE_BYTES = 4 * 2**20


class PredictionClient(AbstractContextManager["PredictionClient"]):
    """A client for a model of `export_saved_model` in TensorFlow Serving.

    The client retries requests if the server is overloaded, or refuses or drops
    the connection. No method takes longer than `timeout`, including retries.
    Connections are direct, ignoring proxies in the environment.

    Args:
        url: `http://host:8501` or `https://host/prefix` for the REST API, which
            needs no TensorFlow. `grpc://host:8500` or `grpcs://host` for gRPC,
            whose messages have a third of the bytes; it needs
            `keras-infogan[serving]` and imports TensorFlow.
        model: The name of the model.
        version: The version to ask; by default, the newest loaded one.
        label: The label of a version, such as `canary`, instead of `version`.
        code_map: The meaning of the codes, or the path of a `code_map.json`. By
            default, the client asks the model once it needs to know.
        timeout: Seconds for each method.
        connect_timeout: Seconds for each connection.
        retries: The number of attempts after the first.
        max_batch_size: The most rows in a request; a server with batching has
            an option of that name.
        max_message_bytes: The largest gRPC message. Larger ones are split.
        ca_file: Certificates to trust instead of those of the system.

    Raises:
        ValueError: If an argument, also of a method, is invalid or does not fit
            the model.
        ServingError: If gRPC is not installed, or in a method, if the server is
            unreachable or does not answer as expected.

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
        if isinstance(code_map, Path | str):
            code_map = CodeMap.load(code_map)
        self.code_map = code_map
        self._asks_code_map = code_map is None
        self._metadata: Metadata | None = None
        self._model = ServedModel(
            address=url,
            name=model,
            version=version,
            label=label,
            timeout=timeout,
            connect_timeout=connect_timeout,
            retries=retries,
            max_batch_size=max_batch_size,
            max_message_bytes=max_message_bytes,
            ca_file=ca_file,
        )
        self._transport = _open(self._model)

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection. The client cannot be used afterwards."""
        self._transport.close()

    def sample(
        self, *, count: int = 1, seed: npt.ArrayLike = 0, **choices: Any
    ) -> np.ndarray:
        """Generates images.

        Args:
            count: The number of images, at least 1.
            seed: The seed of the first image, from which the next count up, or
                a seed for each. It gives the same image in any batch, on every
                replica, and in `model.generate(1, seed=seed, codes=...)`.
            **choices: A value for all images, or one for each, by the name of a
                code (`category=7`, `continuous=[0.5, 0]`) or by what the codes
                mean: the class of a category (`category="7"`, `digit=7`) or an
                attribute (`slant=0.5`), in units of its code, not in radians:
                -1 is the least and 1 the most that the code was trained on.
                Categories that are not chosen take turns; other codes that are
                not chosen are 0. (In `InfoGAN.generate` all are random.)

        Returns:
            Float32 array of shape `(count, height, width, channels)` in
            [-1, 1].
        """
        seeds = make_seeds(seed, count)
        deadline = self._model.deadline()
        signature = self._signature("sample", deadline)
        if self.code_map is None and needs_code_map(signature, choices):
            self.code_map = self._ask_code_map(deadline)
        inputs = sample_inputs(
            signature,
            self._signature("serving_default", deadline),
            self.code_map or CodeMap(),
            seeds=seeds,
            choices=choices,
        )
        outputs = self._predict("sample", inputs, deadline)
        invalid = np.flatnonzero(~outputs["valid"])
        if invalid.size:
            raise ValueError(
                "Codes should be in the ranges that the model was trained on. "
                f"Received: {invalid.size} of {len(seeds)} images that the "
                f"model marks as invalid, the first being number {invalid[0]}."
            )
        return outputs["image"]

    def encode(self, images: npt.ArrayLike) -> dict[str, np.ndarray]:
        """Computes the posterior of the codes, `Q(c|x)`.

        Args:
            images: Float array of shape `(num_images, height, width, channels)`
                in [-1, 1].

        Returns:
            Float32 arrays of `num_images` rows: for each code the parameters
            of its posterior, such as `category_logits` or `continuous_mean`.
        """
        check_images(np.asarray(images))
        return self.predict("encode", {"image": images})

    def predict(
        self, signature: str, inputs: Mapping[str, npt.ArrayLike]
    ) -> dict[str, np.ndarray]:
        """Calls any signature, in as many requests as necessary.

        Args:
            signature: Its name, such as `serving_default` or `sample_png`.
            inputs: An array for each input, all with the same number of rows.

        Returns:
            The outputs by name, in the order of the rows; bytes as objects.
        """
        deadline = self._model.deadline()
        specs = self._signature(signature, deadline).inputs
        return self._predict(signature, check_inputs(inputs, specs), deadline)

    def status(self) -> dict[int, dict[str, str]]:
        """Returns `state` and `error` of each version, or of `version`.

        A version answers requests once its state is `AVAILABLE`. TensorFlow
        Serving ignores labels here: it returns all versions.
        """
        return retry(
            self._transport.status, self._model.deadline(), self._model.retries
        )

    def metadata(self) -> Metadata:
        """Returns the version that answers now, and its signatures.

        The client keeps them, and the code map of the model, until this method
        is called again: call it when another version may have been loaded.
        """
        return self._load_metadata(self._model.deadline())

    def wait_until_ready(self, timeout: float | None = None) -> None:
        """Returns once the model, or its chosen version, answers requests.

        Raises:
            ServingError: After `timeout` seconds, by default those of the
                client, or at once if waiting cannot help.
        """

        def find_reason(deadline: Deadline) -> str | None:
            # The status ignores labels.
            if self._model.label is not None:
                self._transport.metadata(deadline)
                return None
            versions = self._transport.status(deadline)
            states = {version["state"] for version in versions.values()}
            return None if "AVAILABLE" in states else str(versions)

        wait(find_reason, self._model.deadline(timeout))

    def _retry(
        self, request: Callable[[Deadline], Result], deadline: Deadline
    ) -> Result:
        return retry(request, deadline, self._model.retries)

    def _load_metadata(self, deadline: Deadline) -> Metadata:
        self._metadata = retry(
            self._transport.metadata, deadline, self._model.retries
        )
        if self._asks_code_map:
            self.code_map = None
        return self._metadata

    def _ask_code_map(self, deadline: Deadline) -> CodeMap:
        """Asks the model for its code map, which is empty if it has none."""
        metadata = self._metadata or self._load_metadata(deadline)
        text = b""
        if "code_map" in metadata.signatures:
            rows = {"row": np.zeros(1, np.int64)}
            (text,) = self._predict("code_map", rows, deadline)["code_map"]
        try:
            return CodeMap.from_json(json.loads(text)) if text else CodeMap()
        except (ValueError, RecursionError) as error:
            raise unexpected("a code map, as JSON", error) from error

    def _signature(self, name: str, deadline: Deadline) -> Signature:
        metadata = self._metadata or self._load_metadata(deadline)
        if name not in metadata.signatures:
            names = ", ".join(metadata.signatures)
            raise unexpected(f"a signature {name!r}", names)
        return metadata.signatures[name]

    def _predict(
        self, name: str, inputs: Mapping[str, np.ndarray], deadline: Deadline
    ) -> dict[str, np.ndarray]:
        signature = self._signature(name, deadline)
        num_rows = len(next(iter(inputs.values())))
        step = signature.rows_per_request(
            self._model.max_batch_size, self._model.max_message_bytes
        )
        parts = []
        for start in range(0, num_rows, step):
            stop = min(start + step, num_rows)
            part = {key: array[start:stop] for key, array in inputs.items()}
            request = partial(self._transport.predict, name, signature, part)
            outputs = self._retry(request, deadline)
            check_outputs(signature, outputs, stop - start)
            parts.append(outputs)
        return {
            key: np.concatenate([part[key] for part in parts])
            for key in signature.outputs
        }


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

"""A client for TensorFlow Serving; over REST it needs no TensorFlow."""

from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.images import check_input
from keras_infogan.images import to_array
from keras_infogan.json_text import parse_json
from keras_infogan.serving.choices import make_seeds
from keras_infogan.serving.choices import needs_code_map
from keras_infogan.serving.choices import sample_inputs
from keras_infogan.serving.session import FINGERPRINT
from keras_infogan.serving.session import Known
from keras_infogan.serving.session import Session
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import check_inputs
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import ServingError
from keras_infogan.serving.transport import unexpected

# The largest answer that gRPC accepts by default.
MAX_MESSAGE_BYTES = 4 * 2**20


class PredictionClient(AbstractContextManager["PredictionClient"]):
    """A client for a model of `export_saved_model` in TensorFlow Serving.

    The client retries requests if the server is overloaded, or refuses or drops
    the connection, as during a restart. No method takes longer than `timeout`,
    including retries. If another version takes over, the client notices it by
    its answers, asks for its signatures and code map, and repeats the call.
    Connections are direct, ignoring proxies in the environment.

    Args:
        url: `http://host:8501` or `https://host/prefix` for the REST API, which
            needs no TensorFlow. `grpc://host:8500` or `grpcs://host` for gRPC,
            whose messages have a third of the bytes; it needs
            `keras-infogan[serving]` and imports TensorFlow.
        model: The name of the model.
        version: The version to ask; by default, the newest loaded one.
        label: The label of a version, such as `canary`, instead of `version`.
        code_map: The meaning of the codes, or the path of a `code_map.json`, of
            the version that answers first. By default, the client asks each
            version once it needs to know.
        timeout: Seconds for each method.
        connect_timeout: Seconds for each connection.
        retries: The largest number of attempts after the first, for each
            request; by default as many as `timeout` allows.
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
        retries: int | None = None,
        max_batch_size: int = 128,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        ca_file: Path | str | None = None,
    ):
        if isinstance(code_map, Path | str):
            code_map = CodeMap.load(code_map)
        self.code_map = code_map
        # The version that a given code map is taken to belong to.
        self._first_version: int | None = None
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
        self._session = Session(self._model)

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection. The client cannot be used afterwards."""
        self._session.close()

    def sample(
        self, *, count: int = 1, seed: npt.ArrayLike = 0, **choices: Any
    ) -> np.ndarray:
        """Generates images.

        If another version is promoted meanwhile, all images are of that one,
        and so is the meaning of classes and attributes.

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

        def ask(known: Known, deadline: Deadline) -> dict[str, np.ndarray]:
            signature = known.metadata.signature("sample")
            code_map = self.code_map or CodeMap()
            if needs_code_map(signature, choices):
                code_map = self._find_code_map(known, deadline)
            inputs = sample_inputs(
                signature,
                known.metadata.signature("serving_default"),
                code_map,
                seeds=seeds,
                choices=choices,
            )
            return self._session.predict(known, "sample", inputs, deadline)

        outputs = self._session.ask(ask)
        _check_valid(
            outputs,
            "Codes should be in the ranges that the model was trained on.",
        )
        return outputs["image"]

    def encode(
        self, images: npt.ArrayLike | Sequence[bytes]
    ) -> dict[str, np.ndarray]:
        """Computes the posterior of the codes, `Q(c|x)`.

        Args:
            images: Array of shape `(num_images, height, width, channels)`:
                floats in [-1, 1], or uint8. Or the contents of PNG or JPEG
                files, which the signature `encode_image` of the model decodes,
                scales and, if it fits the model, centers.

        Returns:
            Float32 arrays of `num_images` rows: for each code the parameters
            of its posterior, such as `category_logits` or `continuous_mean`.
        """
        if isinstance(images, list | tuple) and all(
            isinstance(image, bytes) for image in images
        ):
            outputs = self.predict("encode_image", {"image_bytes": images})
        else:
            array = to_array(images)
            check_input(array)
            if array.dtype == np.uint8:
                array = array / np.float32(127.5) - np.float32(1)
            outputs = self.predict("encode", {"image": array})
        _check_valid(
            outputs,
            "Images should be whole PNG or JPEG files of at "
            "most 16 million pixels, and not blank.",
        )
        return {
            name: rows
            for name, rows in outputs.items()
            if name not in ("valid", FINGERPRINT)
        }

    def predict(
        self, signature: str, inputs: Mapping[str, npt.ArrayLike]
    ) -> dict[str, np.ndarray]:
        """Calls any signature, in as many requests as necessary.

        Args:
            signature: Its name, such as `serving_default` or `sample_png`.
            inputs: An array for each input, all with the same number of rows;
                a list of `bytes` for one of strings.

        Returns:
            The outputs by name, in the order of the rows; bytes as objects.
        """

        def ask(known: Known, deadline: Deadline) -> dict[str, np.ndarray]:
            specs = known.metadata.signature(signature).inputs
            rows = check_inputs(inputs, specs)
            return self._session.predict(known, signature, rows, deadline)

        return self._session.ask(ask)

    def status(self) -> dict[int, dict[str, str]]:
        """Returns `state` and `error` of each version, or of `version`.

        A version answers requests once its state is `AVAILABLE`. TensorFlow
        Serving ignores labels here: it returns all versions.
        """
        return self._session.status(self._model.deadline())

    def metadata(self) -> Metadata:
        """Asks which version answers now, and for its signatures."""
        return self._session.load(self._model.deadline()).metadata

    def find_code_map(self) -> CodeMap:
        """The given code map, or that of the model; empty if it has none."""
        return self._session.ask(self._find_code_map)

    def wait_until_ready(self, timeout: float | None = None) -> None:
        """Returns once the model, or its chosen version, answers requests.

        Raises:
            ServingError: After `timeout` seconds, by default those of the
                client, or at once if waiting cannot help. It has the errors of
                versions that could not be loaded.
        """
        self._session.wait_until_ready(self._model.deadline(timeout))

    def _find_code_map(self, known: Known, deadline: Deadline) -> CodeMap:
        """The given code map, or that of the version; empty if it has none."""
        version = known.metadata.version
        if self.code_map is not None:
            self._first_version = self._first_version or version
            if version != self._first_version:
                raise ServingError(
                    "`code_map` should be that of the version that answers. "
                    f"Received: one of version {self._first_version}, and "
                    f"version {version} answers. Leave it out, or choose "
                    "`version`.",
                    "broken",
                )
            return self.code_map
        if known.code_map is None:
            text = b""
            if "code_map" in known.metadata.signatures:
                outputs = self._session.predict(
                    known, "code_map", {"row": np.zeros(1, np.int64)}, deadline
                )
                (text,) = outputs["code_map"]
            known.code_map = _parse_code_map(text)
        return known.code_map


def _parse_code_map(text: bytes) -> CodeMap:
    try:
        return CodeMap.from_json(parse_json(text)) if text else CodeMap()
    except (ValueError, RecursionError) as error:
        raise unexpected("a code map, as JSON", error) from error


def _check_valid(outputs: Mapping[str, np.ndarray], expected: str) -> None:
    """Raises a `ValueError` for rows that the model marks as invalid."""
    invalid = np.flatnonzero(~outputs.get("valid", np.ones(0, bool)))
    if invalid.size:
        raise ValueError(
            f"{expected} Received: {invalid.size} of {len(outputs['valid'])} "
            "images that the model marks as invalid, the first being number "
            f"{invalid[0]}."
        )

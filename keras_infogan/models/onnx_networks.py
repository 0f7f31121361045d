"""Generator and encoder in ONNX files, for use without TensorFlow."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan import checksums
from keras_infogan.files import one_line
from keras_infogan.images import check_input
from keras_infogan.images import to_array
from keras_infogan.json_text import parse_json
from keras_infogan.latents.random import INFERENCE
from keras_infogan.latents.random import numpy_key
from keras_infogan.latents.spec import LatentSpec

# The entry of the metadata with the codes, as `LatentSpec.get_config`.
LATENT_SPEC_KEY = "keras_infogan.latent_spec"
_BATCH_SIZE = 100


class OnnxNetworks:
    """The two networks, run by ONNX Runtime, used as a `GeneratorEncoder`.

    Images and posteriors agree with those of Keras within what `export_onnx`
    allows, 1e-5 in [-1, 1]; latents are arrays, whose noise agrees within 1e-6.

    Args:
        generator: A file of `export_onnx`, its path or its bytes.
        encoder: A file of `export_onnx_encoder`, of the same model.
    """

    def __init__(self, generator: Path | bytes, encoder: Path | bytes) -> None:
        self._generator, self._encoder = map(open_session, (generator, encoder))
        metadata = self._generator.get_modelmeta().custom_metadata_map
        if LATENT_SPEC_KEY not in metadata:
            raise ValueError(
                f"The generator should be a file of `export_onnx`, which has "
                f"{LATENT_SPEC_KEY} in its metadata. Received: another one."
            )
        config = parse_json(metadata[LATENT_SPEC_KEY])
        self.latent_spec = LatentSpec.from_config(config)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels of the images."""
        return tuple(self._encoder.get_inputs()[0].shape[1:])

    def sample_latents(
        self,
        num_samples: int,
        *,
        codes: Mapping[str, npt.ArrayLike] | None = None,
        seed: int = 0,
    ) -> dict[str, np.ndarray]:
        """Draws inputs; see `GeneratorEncoder.sample_latents`."""
        key = numpy_key(seed, INFERENCE)
        return self.latent_spec.complete(num_samples, codes or {}, key)

    def generate_from(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Generates the images of given latents."""
        inputs = {name: np.asarray(rows) for name, rows in latents.items()}
        return _run(self._generator, inputs)["image"]

    def generate(
        self,
        num_images: int,
        *,
        codes: Mapping[str, npt.ArrayLike] | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Generates images; see `GeneratorEncoder.generate`."""
        return self.generate_from(
            self.sample_latents(num_images, codes=codes, seed=seed)
        )

    def encode(self, images: npt.ArrayLike) -> dict[str, np.ndarray]:
        """Infers the codes of images; see `GeneratorEncoder.encode`."""
        images = to_array(images)
        check_input(images, self.image_shape)
        if images.dtype == np.uint8:
            images = images.astype(np.float32) / np.float32(127.5) - 1
        return _run(self._encoder, {"image": images.astype(np.float32)})


def open_session(network: Path | bytes) -> Any:
    """An `onnxruntime.InferenceSession` on the CPU, which contacts nobody.

    Args:
        network: An ONNX file, its path or its bytes.

    Raises:
        ValueError: If it is damaged, or not ONNX.
    """
    # Its telemetry would look up a host, as soon as it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    if isinstance(network, Path):
        checksums.check(network, "Replace it with an undamaged copy.")
    try:
        return onnxruntime.InferenceSession(
            network, providers=["CPUExecutionProvider"]
        )
    # ONNX Runtime raises errors of many types for damaged files.
    except Exception as error:
        name = network if isinstance(network, Path) else "The network"
        raise ValueError(
            f"{name} should be an ONNX file. Received: {one_line(error)}"
        ) from error


def _run(session: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    names = [output.name for output in session.get_outputs()]
    count = len(next(iter(inputs.values())))
    chunks = [
        session.run(
            names,
            {
                name: rows[start : start + _BATCH_SIZE]
                for name, rows in inputs.items()
            },
        )
        for start in range(0, count, _BATCH_SIZE)
    ]
    return {
        name: np.concatenate(parts)
        for name, parts in zip(names, zip(*chunks, strict=True), strict=True)
    }

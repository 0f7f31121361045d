"""Both networks of a page, run by ONNX Runtime and stored in fewer bytes."""

import functools
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.export.onnx_graph import store_float16
from keras_infogan.export.onnx_graph import store_integers
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.inference import INFERENCE
from keras_infogan.models.inference import make_key

# How a page may store large weights, from the most exact form to the smallest.
STORAGES: dict[str, Callable[[Any], None]] = {
    "float32": lambda graph: None,
    "float16": store_float16,
    "int8": functools.partial(store_integers, bits=8),
    "int6": functools.partial(store_integers, bits=6),
}
_BATCH_SIZE = 100


def stored(content: bytes, storage: str) -> bytes:
    """An ONNX file with its large weights in a form of `STORAGES`.

    The arithmetic stays float32, and so do the weights in memory.
    """
    import onnx

    if storage == "float32":
        return content
    model = onnx.load_model_from_string(content)
    STORAGES[storage](model.graph)
    return model.SerializeToString(deterministic=True)


class OnnxNetworks:
    """Generator and encoder of two ONNX files, used as a `GeneratorEncoder`.

    Args:
        latent_spec: The codes of the model.
        generator: A file of `export_onnx`.
        encoder: A file of `export_onnx_encoder`.
    """

    def __init__(
        self, latent_spec: LatentSpec, generator: bytes, encoder: bytes
    ) -> None:
        import onnxruntime

        self.latent_spec = latent_spec
        self._generator, self._encoder = (
            onnxruntime.InferenceSession(
                content, providers=["CPUExecutionProvider"]
            )
            for content in (generator, encoder)
        )

    def sample_latents(
        self,
        num_samples: int,
        *,
        codes: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> dict[str, tf.Tensor]:
        """Draws inputs; see `GeneratorEncoder.sample_latents`."""
        key = make_key(seed, INFERENCE)
        return self.latent_spec.complete(num_samples, codes or {}, key)

    def generate_from(self, latents: Mapping[str, tf.Tensor]) -> np.ndarray:
        """Generates the images of given latents."""
        inputs = {name: np.asarray(rows) for name, rows in latents.items()}
        return _run(self._generator, inputs)["image"]

    def encode(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Infers the codes of float32 images in [-1, 1]."""
        return _run(self._encoder, {"image": images})


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

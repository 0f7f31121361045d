"""A trained generator and encoder: from latents to images and back."""

from collections.abc import Callable
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_infogan.images import check_input
from keras_infogan.images import to_array
from keras_infogan.latents.random import INFERENCE
from keras_infogan.latents.random import numpy_key
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.inputs import scale_bytes
from keras_infogan.models.validation import check_networks
from keras_infogan.options import check_choice

# Images in a chunk: worth a call, and small enough for the memory.
INFERENCE_BATCH_SIZE = 500

# So that its configuration and those of models can be saved.
keras.saving.register_keras_serializable(package="keras_infogan")(LatentSpec)


def make_key(seed: int, use: int) -> tf.Tensor:
    """`numpy_key` as a tensor."""
    return tf.constant(numpy_key(seed, use))


def _generate(
    generator: keras.Model, latents: Mapping[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    return {"image": generator(latents, training=False)}


def _encode(
    discriminator: keras.Model,
    latent_spec: LatentSpec,
    inputs: Mapping[str, tf.Tensor],
) -> dict[str, tf.Tensor]:
    return latent_spec.posterior(discriminator(inputs["image"], training=False))


class GeneratorEncoder(keras.Model):
    """The two networks, and what they are used for; `InfoGAN` trains them."""

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_spec: LatentSpec,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_networks(generator, discriminator, latent_spec)
        self.generator = generator
        self.discriminator = discriminator
        self.latent_spec = latent_spec
        # Partial functions, as TensorFlow counts the traces of a code object,
        # and would warn of the fifth model.
        self._generate = tf.function(
            partial(_generate, generator), reduce_retracing=True
        )
        self._encode = tf.function(
            partial(_encode, discriminator, latent_spec), reduce_retracing=True
        )

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels of the images."""
        return tuple(self.discriminator.input_shape[1:])

    def call(self, images, training=False):  # noqa: FBT002
        if isinstance(images, Mapping):
            images = images["images"]
        return self.discriminator(scale_bytes(images), training=training)

    def sample_latents(
        self,
        num_samples: int,
        *,
        codes: Mapping[str, npt.ArrayLike] | None = None,
        seed: int = 0,
    ) -> dict[str, tf.Tensor]:
        """Draws inputs for the generator.

        Args:
            num_samples: The number of rows, at least 1.
            codes: Values of the codes to fix, by name: category numbers, angles
                in radians, or numbers in the range of the code; anything that
                broadcasts to `(num_samples, dim)`.
            seed: Whole number; the same seed draws the same rows.

        Returns:
            Float32 tensors of shape `(num_samples, dim)`: `noise` and each
            code, categories one-hot.

        Raises:
            ValueError: If a code is unknown, out of range or of a wrong shape.
        """
        if num_samples < 1:
            raise ValueError(
                "The number of images should be at least 1. "
                f"Received: {num_samples}."
            )
        key = make_key(seed, INFERENCE)
        return self.latent_spec.complete(num_samples, codes or {}, key)

    def sample_noise(self, seeds: tf.Tensor) -> tf.Tensor:
        """Draws noise of which each row depends on its own seed only.

        Row `i` is the `noise` of `sample_latents(1, seed=seeds[i])`, for an
        int64 tensor of seeds.
        """

        def draw(seed: tf.Tensor) -> tf.Tensor:
            key = tf.stack([seed, tf.constant(INFERENCE, tf.int64)])
            return self.latent_spec.sample_noise(1, key)[0]

        return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)

    def traverse_latents(
        self,
        name: str,
        index: int = 0,
        *,
        num_rows: int = 10,
        num_columns: int = 10,
        seed: int = 0,
    ) -> dict[str, tf.Tensor]:
        """Draws inputs for a grid of images in which one code varies by column.

        See `LatentSpec.traverse` for the arguments and the result.
        """
        return self.latent_spec.traverse(
            name,
            index,
            num_rows=num_rows,
            num_columns=num_columns,
            key=make_key(seed, INFERENCE),
        )

    def generate_from(self, latents: Mapping[str, tf.Tensor]) -> np.ndarray:
        """Generates the images of given latents; see `generate`."""
        return map_in_chunks(self._generate, latents)["image"]

    def generate(
        self,
        num_images: int,
        *,
        codes: Mapping[str, npt.ArrayLike] | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Generates images from latents that `sample_latents` draws.

        Codes that are not given are random, from their priors. (In
        `PredictionClient.sample` they are 0, and categories take turns.)

        Returns:
            Float32 array of shape `(num_images, height, width, channels)` in
            [-1, 1].

        Example:
        ```python
        images = model.generate(16, codes={"category": 7})
        keras_infogan.plot.grid(images)  # side by side, gray or in color
        plt.imshow(images[0] / 2 + 0.5, cmap="gray", vmin=0, vmax=1)  # one
        ```
        """
        return self.generate_from(
            self.sample_latents(num_images, codes=codes, seed=seed)
        )

    def encode(self, images: npt.ArrayLike) -> dict[str, np.ndarray]:
        """Infers the codes of images: the parameters of `Q(c|x)`.

        Args:
            images: Array of shape `(num_images, height, width, channels)`:
                floats in [-1, 1], or uint8. Warns of floats in [0, 1].

        Returns:
            Float32 arrays of shape `(num_images, width)` by name, as in
            `latent_spec.posterior`: the parameters, and what a code derives
            from them, such as `<code>_probabilities`.

        Raises:
            ValueError: If the images have another shape, type or range.
        """
        images = to_array(images)
        check_input(images, self.image_shape)
        return map_in_chunks(self._encode, {"image": images})

    def save(self, filepath, *args, **kwargs):
        """Saves the model with its optimizers; arguments are those of Keras.

        Raises:
            ValueError: For the older format HDF5, which has one optimizer.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                "A file of a whole model should end with .keras, and one of "
                f"weights, by `save_weights`, with .weights.h5. Received: "
                f"{filepath}."
            )
        super().save(filepath, *args, **kwargs)

    def export(
        self,
        filepath: Path | str,
        format: str = "tf_saved_model",  # noqa: A002
        *,
        network: str = "generator",
        **kwargs: Any,
    ) -> None:
        """Exports one network by Keras's own exporters.

        `keras_infogan.export_saved_model` and `export_onnx` also write what the
        codes mean, and compare the result with the model.

        Args:
            filepath: Where to write.
            format: See `keras.Model.export`: `"tf_saved_model"`, `"onnx"`,
                `"litert"` or `"openvino"`.
            network: `"generator"`, from noise and codes to images, or
                `"encoder"`, from images to what `encode` returns.
            **kwargs: See `keras.Model.export`.

        Raises:
            ValueError: If there is no such network or format.
            ModuleNotFoundError: If a format needs a package that is missing.
        """
        check_choice("network", network, ("generator", "encoder"))
        exported = self.generator
        if network == "encoder":
            outputs = _Posterior(self.latent_spec)(self.discriminator.output)
            exported = keras.Model(self.discriminator.input, outputs)
        # Keras exports only what has been called.
        exported(exported.input)
        try:
            # For OpenVINO, Keras takes no `Path`.
            exported.export(str(filepath), format, **kwargs)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"Keras exports to {format} with a package that is missing. "
                f"Install it: pip install {error.name}."
            ) from None


class _Posterior(keras.layers.Layer):
    """`LatentSpec.posterior` of the outputs of the discriminator."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        self.spec = spec

    def call(self, outputs):
        return self.spec.posterior(outputs)


def map_in_chunks(
    function: Callable[[Any], Any],
    tensors: Mapping[str, Any],
    size: int = INFERENCE_BATCH_SIZE,
) -> dict[str, np.ndarray]:
    """Applies a function to chunks of rows; joins the results, as float32."""
    count = len(next(iter(tensors.values())))
    chunks = []
    for start in range(0, count, size):
        chunk = slice(start, start + size)
        chunks.append(
            function(
                {
                    name: tf.cast(scale_bytes(rows[chunk]), tf.float32)
                    for name, rows in tensors.items()
                }
            )
        )
    return {
        name: np.concatenate([chunk[name].numpy() for chunk in chunks]).astype(
            np.float32, copy=False
        )
        for name in chunks[0]
    }

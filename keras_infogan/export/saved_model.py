"""InfoGAN as a SavedModel that TensorFlow Serving serves."""

import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_infogan.export.precision import float32_copy
from keras_infogan.export.versions import publish
from keras_infogan.export.warmup import serialize_requests
from keras_infogan.export.warmup import write_warmup
from keras_infogan.files import one_line
from keras_infogan.models.infogan import InfoGAN

Tensors = Mapping[str, tf.Tensor]

# One request as a person sends it, and one as batching makes them.
WARMUP_BATCH_SIZES = (1, 32)


class Endpoint(NamedTuple):
    """A signature: what it computes, and of what."""

    function: Callable[[Tensors], dict[str, tf.Tensor]]
    inputs: dict[str, tf.TensorSpec]


def export_saved_model(
    model: InfoGAN,
    directory: Path | str,
    *,
    version: int | None = None,
    code_map: Mapping[str, Any] | None = None,
    model_card: str | None = None,
    configuration: Mapping[str, Any] | None = None,
) -> Path:
    """Publishes a model for TensorFlow Serving, in float32.

    The version has a warm-up request for each signature, and these:

    - `serving_default`: `noise` and each code by its name, float32 of shape
      `(batch, dim)` and categories as one-hot rows or probabilities, to
      `image`, float32 of shape `(batch, height, width, channels)` in [-1, 1].
    - `sample`: `seed`, int64 of shape `(batch,)`; each categorical code as
      int32 numbers of shape `(batch,)`; the others as above; to `image` and
      `valid`, bool of shape `(batch,)`. Row `i` is the image that
      `model.generate(1, codes=..., seed=seed[i])` gives, in any batch. Where a
      code is out of its range, `valid` is false and the image is that of codes
      nearby.
    - `sample_png`: the same, with `png_bytes`, string of shape `(batch,)`, in
      place of `image`.
    - `encode`: `image` to what `model.encode` gives.
    - `code_map`: `row`, any int64 numbers of shape `(batch,)`, to `code_map`,
      string of shape `(batch,)`: the JSON of what each code means, empty
      without, so that a client needs nothing but the server.

    Args:
        model: The model.
        directory: Where the versions are, such as `saved_models/mnist`. Its
            name is the name of the model for the server.
        version: A whole number of at least 1 that is not there yet; by default
            the next one.
        code_map: What each code means. It and what follows are kept in the
            version, as `assets/code_map.json`, ...
        model_card: Text for people, as Markdown; `assets/model_card.md`.
        configuration: Options of the training; `assets/config.json`.

    Returns:
        The path of the version, `directory/<version>`.

    Raises:
        ValueError: If the version is there already, or TensorFlow Serving's
            messages are not installed.
        OSError: If something cannot be written.
    """
    generator = float32_copy(model.generator)
    discriminator = float32_copy(model.discriminator)
    code_map_json = _json(code_map)
    endpoints = _endpoints(model, generator, discriminator, code_map_json or "")
    archive = keras.export.ExportArchive()
    for name, endpoint in endpoints.items():
        archive.add_endpoint(name, endpoint.function, [endpoint.inputs])
    directory = Path(directory)
    warmup = serialize_requests(directory.resolve().name, _requests(model))
    assets = {
        "code_map.json": code_map_json,
        "model_card.md": model_card,
        "config.json": _json(configuration),
    }

    def write(version_dir: Path) -> None:
        try:
            archive.write_out(version_dir, verbose=False)
            write_warmup(version_dir, warmup)
        except tf.errors.OpError as error:
            # TensorFlow names the operation and its file before the reason.
            reason = one_line(error, limit=1000).rpartition("; ")[2]
            raise OSError(
                f"{directory} should be writable, with room for the model. "
                f"Received: {reason}."
            ) from error
        for name, text in assets.items():
            if text is not None:
                path = version_dir / "assets" / name
                path.write_text(text, encoding="utf-8")

    return publish(directory, write, version=version)


def _json(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else json.dumps(content, indent=2) + "\n"


def _endpoints(
    model: InfoGAN,
    generator: keras.Model,
    discriminator: keras.Model,
    code_map: str,
) -> dict[str, Endpoint]:
    codes = model.latent_spec.codes

    def generate(inputs: Tensors) -> dict[str, tf.Tensor]:
        return {"image": generator(inputs, training=False)}

    def sample(inputs: Tensors) -> dict[str, tf.Tensor]:
        latents = {"noise": model.sample_noise(inputs["seed"])}
        valid = tf.ones_like(inputs["seed"], tf.bool)
        for name, code in codes.items():
            latents[name], is_valid = code.from_served(inputs[name])
            valid &= is_valid
        image = generator(latents, training=False)
        # A normal code can be so large that the generator overflows.
        finite = tf.reduce_all(tf.math.is_finite(image), [1, 2, 3])
        image = tf.where(finite[:, None, None, None], image, 0.0)
        return {"image": image, "valid": valid & finite}

    def sample_png(inputs: Tensors) -> dict[str, tf.Tensor]:
        outputs = sample(inputs)
        png = tf.map_fn(
            tf.io.encode_png,
            tf.saturate_cast(tf.round((outputs["image"] + 1) * 127.5), "uint8"),
            fn_output_signature=tf.string,
        )
        return {"png_bytes": png, "valid": outputs["valid"]}

    def encode(inputs: Tensors) -> dict[str, tf.Tensor]:
        outputs = discriminator(inputs["image"], training=False)
        return model.latent_spec.posterior(outputs)

    def tell_code_map(inputs: Tensors) -> dict[str, tf.Tensor]:
        return {"code_map": tf.fill(tf.shape(inputs["row"]), code_map)}

    latents = {
        name: tf.TensorSpec((None, dim), tf.float32, name)
        for name, dim in model.latent_spec.input_dims.items()
    }
    seeded = {"seed": tf.TensorSpec((None,), tf.int64, "seed")} | {
        name: code.served_spec(name) for name, code in codes.items()
    }
    image = tf.TensorSpec((None, *model.image_shape), tf.float32, "image")
    row = tf.TensorSpec((None,), tf.int64, "row")
    return {
        "serving_default": Endpoint(generate, latents),
        "sample": Endpoint(sample, seeded),
        "sample_png": Endpoint(sample_png, seeded),
        "encode": Endpoint(encode, {"image": image}),
        "code_map": Endpoint(tell_code_map, {"row": row}),
    }


def _requests(model: InfoGAN) -> Iterator[tuple[str, dict[str, Any]]]:
    for batch_size in WARMUP_BATCH_SIZES:
        latents = model.sample_latents(batch_size)
        codes = {
            name: code.to_served(latents[name])
            for name, code in model.latent_spec.codes.items()
        }
        seeds = tf.range(batch_size, dtype=tf.int64)
        yield "serving_default", latents
        yield "sample", {"seed": seeds, **codes}
        yield "sample_png", {"seed": seeds, **codes}
        yield "encode", {"image": model.generate_from(latents)}
        yield "code_map", {"row": seeds}

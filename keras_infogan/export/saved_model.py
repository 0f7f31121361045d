"""Exports InfoGAN as a SavedModel for TensorFlow Serving.

A version has these signatures:

- `serving_default`: from `noise` and each code by its name, float32 of
  shape `(batch, dim)` with categories as one-hot rows or probabilities, to
  `image`, float32 of shape `(batch, height, width, channels)` in [-1, 1].
- `sample`: from `seed`, int64 of shape `(batch,)`, each categorical code as
  int32 numbers of shape `(batch,)`, and the others as above, to `image` and
  `valid`, bool of shape `(batch,)`. Row `i` is the image of
  `model.generate(1, codes=..., seed=seed[i])`, in any batch. If a code is
  out of its range, `valid` is false, and the image is that of the nearest
  codes.
- `sample_png`: the same, with `png_bytes`, string of shape `(batch,)`,
  instead of `image`.
- `encode`: from `image` to the outputs of `model.encode`.
- `code_map`: from `row`, any int64 numbers of shape `(batch,)`, to `code_map`,
  string of shape `(batch,)`: the code map as JSON, or empty. With it, a client
  needs nothing but the server.
"""

import json
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.export.precision import float32_copy
from keras_infogan.export.versions import publish
from keras_infogan.files import one_line
from keras_infogan.models.infogan import InfoGAN

Tensors = Mapping[str, tf.Tensor]

# A single request, and one as the server's batching makes them.
WARMUP_BATCH_SIZES = (1, 32)
# Where the server looks for the requests that it runs before it offers a model.
WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")


def export_saved_model(
    model: InfoGAN,
    directory: Path | str,
    *,
    version: int | None = None,
    code_map: CodeMap | None = None,
    model_card: str | None = None,
    configuration: Mapping[str, Any] | None = None,
) -> Path:
    """Publishes a model for TensorFlow Serving, in float32.

    Each signature above has a warm-up request in two batch sizes.

    Args:
        model: The model.
        directory: The folder of the versions, such as `saved_models/mnist`. Its
            name is the name of the model for the server.
        version: A new version number of at least 1; by default the next one.
        code_map: The meaning of each code; `assets/code_map.json`.
        model_card: A model card in Markdown; `assets/model_card.md`.
        configuration: The training configuration; `assets/config.json`.

    Returns:
        The path of the version, `directory/<version>`.

    Raises:
        ValueError: If the version exists, or the extra `serving` is not
            installed.
        OSError: If a file cannot be written.
    """
    directory = Path(directory)
    assets = {
        "code_map.json": _json(code_map.to_json()) if code_map else None,
        "model_card.md": model_card,
        "config.json": None if configuration is None else _json(configuration),
    }
    archive = _build_archive(model, assets["code_map.json"] or "")
    warmup = _warmup_records(model, directory.resolve().name)

    def write(version_dir: Path) -> None:
        try:
            archive.write_out(version_dir, verbose=False)
            (version_dir / WARMUP_FILE).parent.mkdir()
            with tf.io.TFRecordWriter(str(version_dir / WARMUP_FILE)) as file:
                for record in warmup:
                    file.write(record)
        except tf.errors.OpError as error:
            # TensorFlow puts its operation and file before the reason.
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


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _build_archive(model: InfoGAN, code_map: str) -> keras.export.ExportArchive:
    generator = float32_copy(model.generator)
    discriminator = float32_copy(model.discriminator)
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
        # A normal code may be so large that the generator overflows.
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

    def return_code_map(inputs: Tensors) -> dict[str, tf.Tensor]:
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
    archive = keras.export.ExportArchive()
    archive.add_endpoint("serving_default", generate, [latents])
    archive.add_endpoint("sample", sample, [seeded])
    archive.add_endpoint("sample_png", sample_png, [seeded])
    archive.add_endpoint("encode", encode, [{"image": image}])
    archive.add_endpoint("code_map", return_code_map, [{"row": row}])
    return archive


def _warmup_requests(model: InfoGAN) -> Iterator[tuple[str, dict[str, Any]]]:
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


def _warmup_records(model: InfoGAN, model_name: str) -> list[bytes]:
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError as error:
        raise ValueError(
            "The export needs tensorflow-serving-api for its warm-up requests. "
            f"Received: {error}. "
            'Install it: pip install "keras-infogan[serving]".'
        ) from error
    records = []
    for signature, inputs in _warmup_requests(model):
        log = prediction_log_pb2.PredictionLog()
        request = log.predict_log.request
        request.model_spec.name = model_name
        request.model_spec.signature_name = signature
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
        records.append(log.SerializeToString())
    return records

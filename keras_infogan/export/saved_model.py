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
- `encode`: from `image` to the outputs of `model.encode` and `valid`, false if
  a pixel is out of [-1, 1] (by more than 0.001) or NaN; then the others are of
  the nearest image, with 0 for NaN.
- `encode_image`: the same from `image_bytes`, string of shape `(batch,)`, the
  contents of PNG or JPEG files; see `image_files.make_reader`.
- `code_map`: from `row`, any int64 numbers of shape `(batch,)`, to `code_map`,
  string of shape `(batch,)`: the code map as JSON, or empty. With it, a client
  needs nothing but the server.

All but the first also return `fingerprint`, string of shape `(batch,)`: 16
hexadecimal digits of weights and code map, by which a client notices that
another version has answered.
"""

import hashlib
import itertools
import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_infogan import checksums
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.export.image_files import encode_pngs
from keras_infogan.export.image_files import find_frame
from keras_infogan.export.image_files import make_reader
from keras_infogan.export.precision import TOLERANCE
from keras_infogan.export.precision import float32_copy
from keras_infogan.export.versions import publish
from keras_infogan.files import one_line
from keras_infogan.images import LARGEST_PIXEL
from keras_infogan.models.infogan import InfoGAN

Tensors = Mapping[str, tf.Tensor]

# A single request, and one as the server's batching makes them.
WARMUP_BATCH_SIZES = (1, 32)
# Rows of the signatures with seeds that are compared with the model.
_NUM_SEEDS = 4
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

    Each signature above has a warm-up request in two batch sizes. A version
    appears only if it has been loaded again, and all signatures return what
    the model does.

    Args:
        model: The model.
        directory: The folder of the versions, such as `saved_models/mnist`. Its
            name is the name of the model for the server.
        version: A new version number of at least 1; by default the next one.
        code_map: The meaning of each code; `assets/code_map.json`.
        model_card: A model card in Markdown; `assets/model_card.md`.
        configuration: The training configuration; `assets/config.json`. Images
            of another aspect ratio are fitted by `encode_image` as it says.

    Returns:
        The path of the version, `directory/<version>`. `SHA256SUMS` in it is
        that of all files, for `sha256sum --check`.

    Raises:
        ValueError: If the version exists, the code map is that of another
            model, the extra `serving` is not
            installed, or the written networks return other values.
        OSError: If a file cannot be written.
    """
    directory = Path(directory)
    if code_map is not None:
        code_map.check_codes(model.latent_spec)
    assets = {
        "code_map.json": _json(code_map.to_json()) if code_map else None,
        "model_card.md": model_card,
        "config.json": None if configuration is None else _json(configuration),
    }
    data = (configuration or {}).get("data", {})
    resize = data.get("resize", "crop")
    signatures = _Signatures(model, assets["code_map.json"] or "", resize)
    archive = _build_archive(signatures)
    warmup = _warmup_records(model, directory.resolve().name)

    def write(version_dir: Path) -> None:
        try:
            archive.write_out(version_dir, verbose=False)
            (version_dir / WARMUP_FILE).parent.mkdir()
            with tf.io.TFRecordWriter(str(version_dir / WARMUP_FILE)) as file:
                for record in warmup:
                    file.write(record)
            _check(tf.saved_model.load(str(version_dir)), signatures)
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
        checksums.write_sums(version_dir)

    return publish(directory, write, version=version)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _fingerprint(model: InfoGAN, code_map: str) -> str:
    digest = hashlib.sha256(code_map.encode())
    for network in (model.generator, model.discriminator):
        for weights in network.get_weights():
            digest.update(weights.tobytes())
    return digest.hexdigest()[:16]


class _Signatures:
    """What a server calls, in float32; see the module for the signatures."""

    def __init__(self, model: InfoGAN, code_map: str, resize: str) -> None:
        self.model = model
        self.spec = model.latent_spec
        self.generator = float32_copy(model.generator)
        self.discriminator = float32_copy(model.discriminator)
        self.code_map = code_map
        self.fingerprint = _fingerprint(model, code_map)
        self.read_files = make_reader(
            model.image_shape, find_frame(model), resize
        )

    @property
    def functions(self) -> dict[str, Callable[[Tensors], Tensors]]:
        """The function of each signature, by its name."""
        return {
            "serving_default": self.generate,
            "sample": self.sample,
            "sample_png": self.sample_png,
            "encode": self.encode,
            "encode_image": self.encode_image,
            "code_map": self.return_code_map,
        }

    def generate(self, inputs: Tensors) -> Tensors:
        return {"image": self.generator(inputs, training=False)}

    def sample(self, inputs: Tensors) -> Tensors:
        latents = {"noise": self.model.sample_noise(inputs["seed"])}
        valid = tf.ones_like(inputs["seed"], tf.bool)
        for name, code in self.spec.codes.items():
            latents[name], is_valid = code.from_served(inputs[name])
            valid &= is_valid
        image = self.generator(latents, training=False)
        # A normal code may be so large that the generator overflows.
        finite = tf.reduce_all(tf.math.is_finite(image), [1, 2, 3])
        image = tf.where(finite[:, None, None, None], image, 0.0)
        return self._mark({"image": image}, valid & finite)

    def sample_png(self, inputs: Tensors) -> Tensors:
        outputs = self.sample(inputs)
        png = encode_pngs(outputs["image"])
        return self._mark({"png_bytes": png}, outputs["valid"])

    def encode(self, inputs: Tensors) -> Tensors:
        image = inputs["image"]
        clipped = tf.clip_by_value(image, -LARGEST_PIXEL, LARGEST_PIXEL)
        # NaN is not equal to itself.
        valid = tf.reduce_all(tf.equal(image, clipped), [1, 2, 3])
        image = tf.where(tf.math.is_nan(image), 0.0, clipped)
        return self._infer(image, valid)

    def encode_image(self, inputs: Tensors) -> Tensors:
        return self._infer(*self.read_files(inputs["image_bytes"]))

    def return_code_map(self, inputs: Tensors) -> Tensors:
        rows = tf.shape(inputs["row"])
        return {
            "code_map": tf.fill(rows, self.code_map),
            "fingerprint": tf.fill(rows, self.fingerprint),
        }

    def _infer(self, image: tf.Tensor, valid: tf.Tensor) -> Tensors:
        count = tf.shape(image)[0]
        # oneDNN's fused convolutions fail on an empty batch.
        missing = tf.cast(tf.equal(count, 0), tf.int32)
        padded = tf.pad(image, [[0, missing], [0, 0], [0, 0], [0, 0]])
        posterior = self.spec.posterior(
            self.discriminator(padded, training=False)
        )
        outputs = {name: rows[:count] for name, rows in posterior.items()}
        return self._mark(outputs, valid)

    def _mark(self, outputs: Tensors, valid: tf.Tensor) -> Tensors:
        rows = tf.fill(tf.shape(valid), self.fingerprint)
        return {**outputs, "valid": valid, "fingerprint": rows}


def _build_archive(signatures: _Signatures) -> keras.export.ExportArchive:
    spec = signatures.spec

    def rows(name: str, dtype: Any, *shape: int) -> tf.TensorSpec:
        return tf.TensorSpec((None, *shape), dtype, name)

    latents = {
        name: rows(name, tf.float32, dim)
        for name, dim in spec.input_dims.items()
    }
    seeded = {"seed": rows("seed", tf.int64)} | {
        name: code.served_spec(name) for name, code in spec.codes.items()
    }
    image = rows("image", tf.float32, *signatures.model.image_shape)
    files = rows("image_bytes", tf.string)
    inputs: dict[str, dict[str, tf.TensorSpec]] = {
        "serving_default": latents,
        "sample": seeded,
        "sample_png": seeded,
        "encode": {"image": image},
        "encode_image": {"image_bytes": files},
        "code_map": {"row": rows("row", tf.int64)},
    }
    archive = keras.export.ExportArchive()
    for name, function in signatures.functions.items():
        archive.add_endpoint(name, function, [inputs[name]])
    return archive


def _check(written: Any, signatures: _Signatures) -> None:
    """Raises a `ValueError` if what was written differs from the model."""
    requests = _requests(signatures.model, WARMUP_BATCH_SIZES[-1])
    for name, inputs in requests:
        # Outside of a graph, each row of noise takes 10 ms.
        rows = slice(_NUM_SEEDS if "seed" in inputs else None)
        inputs = {
            key: tf.convert_to_tensor(x)[rows] for key, x in inputs.items()
        }
        received = written.signatures[name](**inputs)
        for output, values in signatures.functions[name](inputs).items():
            if not _agree(received[output], values, output):
                raise ValueError(
                    f"The SavedModel should return what the model does. "
                    f"Received: other values of {output!r} from {name!r}. "
                    "Build the networks of other layers."
                )


def _agree(one: tf.Tensor, other: tf.Tensor, name: str) -> bool:
    """Whether tensors are equal up to the order of sums."""
    if name == "png_bytes":
        one, other = (
            tf.map_fn(tf.io.decode_png, files, fn_output_signature=tf.uint8)
            for files in (one, other)
        )
        # A difference within the tolerance may round to another byte.
        steps = tf.abs(tf.cast(one, tf.int32) - tf.cast(other, tf.int32))
        return int(tf.reduce_max(steps)) <= 1
    if not one.dtype.is_floating:
        return bool(tf.reduce_all(one == other))
    size = max(1.0, float(tf.reduce_max(tf.abs(other))))
    return bool(tf.reduce_max(tf.abs(one - other)) <= TOLERANCE * size)


def _requests(
    model: InfoGAN, batch_size: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A request to each signature, with its inputs."""
    latents = model.sample_latents(batch_size)
    codes = {
        name: code.to_served(latents[name])
        for name, code in model.latent_spec.codes.items()
    }
    seeds = tf.range(batch_size, dtype=tf.int64)
    yield "serving_default", latents
    yield "sample", {"seed": seeds, **codes}
    yield "sample_png", {"seed": seeds, **codes}
    images = model.generate_from(latents)
    yield "encode", {"image": images}
    yield "encode_image", {"image_bytes": encode_pngs(images)}
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
    requests = itertools.chain.from_iterable(
        _requests(model, batch_size) for batch_size in WARMUP_BATCH_SIZES
    )
    for signature, inputs in requests:
        log = prediction_log_pb2.PredictionLog()
        request = log.predict_log.request
        request.model_spec.name = model_name
        request.model_spec.signature_name = signature
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
        records.append(log.SerializeToString())
    return records

"""Exports the networks as ONNX files, which run without TensorFlow.

A file is self-describing: inputs and outputs have the names of the codes, the
batch dimension is `batch`, and the metadata (see README.md) describe the codes
and their priors in JSON. Their keys that do not start with `keras_infogan.`
follow the
[ONNX standard](https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict
from typing import Unpack

import numpy as np

from keras_infogan import __version__
from keras_infogan import checksums
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.export.onnx_graph import NUM_PARITY_INPUTS
from keras_infogan.export.onnx_graph import Network
from keras_infogan.export.onnx_graph import convert
from keras_infogan.export.onnx_graph import largest_difference
from keras_infogan.export.onnx_graph import serialize
from keras_infogan.export.onnx_graph import store_float16
from keras_infogan.export.precision import TOLERANCE
from keras_infogan.export.precision import float32_copy
from keras_infogan.files import one_line
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN

# Two of the 255 steps from black to white. Rounded weights are off by 2^-11 of
# their value, which edges of strokes amplify: trained generators differed by
# 7e-3 at most.
FLOAT16_TOLERANCE = 4.0 / 255.0

_NOISE_PRIOR = {"distribution": "normal", "mean": 0, "stddev": 1}
_CODE_MAP_FIELDS = (
    "In keras_infogan.code_map, a category has name, the majority class of its "
    "num_labels labeled images; purity, the share of these that are of that "
    "class; and confidence, the lower end of the 95 % confidence interval of "
    "the purity. A dimension has attribute, which it controls; sign, 1 if the "
    "attribute increases with the code and -1 if it decreases; correlation, "
    "Spearman's rho of code and attribute; and low and high, the attribute in "
    "its unit at the lower and the upper end of a traversal. For real images, "
    "read_low and read_high are the attribute for a posterior mean of -1 and "
    "1, lower_quartile and upper_quartile bound the middle half, and agreement "
    "is Spearman's rho of the inferred and the measured attribute."
)


class OnnxOptions(TypedDict, total=False):
    """Keyword arguments of both exports.

    Args:
        code_map: The meaning of each code, for the metadata; none by default.
        model_card: A model card in Markdown, for the metadata; none by default.
        version: An integer from 1, the default, to 2^63 - 1, stored as
            `model_version`.
        float16_weights: Whether to store large weights in half the size; not by
            default. The arithmetic stays float32.
    """

    code_map: CodeMap | None
    model_card: str | None
    version: int
    float16_weights: bool


def export_onnx(
    model: InfoGAN, path: Path | str, **options: Unpack[OnnxOptions]
) -> Path:
    """Writes the generator as an ONNX file, from latents to `image`.

    The inputs are `noise` and the codes by name, float32 of shape
    `(batch, dim)`, with categories as one-hot rows. The output is float32
    `(batch, height, width, channels)` in [-1, 1].

    The file is written only if it passes the ONNX checker and onnxruntime
    agrees with Keras on 1,000 random inputs, in batches of several sizes. No
    value may differ by more than 1e-5 times the largest absolute value of the
    same output in the batch, or times 1 if that is larger: absolute for images
    and probabilities, and 2e-4 for logits of up to 20. It computes in float32
    whatever the dtype policy of the model, and the same weights give the same
    bytes.

    Args:
        model: The model.
        path: The file to write.
        **options: See `OnnxOptions`.

    Returns:
        `path`.

    Raises:
        ValueError: If the extra `onnx` is not installed, a layer has no
            counterpart in ONNX, the results differ from Keras, or `version` is
            out of range.
        OSError: If the file cannot be written.
    """
    generator = float32_copy(model.generator)
    names = list(model.latent_spec.input_dims)

    def generate(*latents):
        values = dict(zip(names, latents, strict=True))
        return {"image": generator(values, training=False)}

    latents = model.sample_latents(NUM_PARITY_INPUTS)
    return _export(
        model,
        generate,
        {name: latents[name].numpy() for name in names},
        path,
        description="InfoGAN generator: from noise and latent codes, each "
        "drawn as keras_infogan.priors says, to images (batch, height, width, "
        "channels) in [-1, 1].",
        **options,
    )


def export_onnx_encoder(
    model: InfoGAN, path: Path | str, **options: Unpack[OnnxOptions]
) -> Path:
    """Writes the encoder `Q(c|x)` as an ONNX file, from `image` to posteriors.

    The input is float32 `(batch, height, width, channels)` in [-1, 1]. The
    outputs are those of `InfoGAN.encode`, in the order of
    `latent_spec.posterior`; the description of the file explains them.
    Everything else is as for `export_onnx`.
    """
    discriminator = float32_copy(model.discriminator)
    spec = model.latent_spec

    def encode(image):
        return spec.posterior(discriminator(image, training=False))

    outputs = "; ".join(
        f"{name}_{output}, {text}"
        for name, code in spec.codes.items()
        for output, text in code.outputs.items()
    )
    # Generated images, on which the encoder was trained, and uniform noise.
    half = NUM_PARITY_INPUTS // 2
    noise = np.random.default_rng(0).uniform(-1, 1, (half, *model.image_shape))
    images = np.concatenate([model.generate(half), noise.astype(np.float32)])
    return _export(
        model,
        encode,
        {"image": images},
        path,
        description="InfoGAN encoder: from images (batch, height, width, "
        "channels) in [-1, 1] to the posterior of the latent codes. Outputs: "
        f"{outputs}.",
        **options,
    )


def _export(
    model: InfoGAN,
    network: Network,
    inputs: Mapping[str, np.ndarray],
    path: Path | str,
    *,
    description: str,
    code_map: CodeMap | None = None,
    model_card: str | None = None,
    version: int = 1,
    float16_weights: bool = False,
) -> Path:
    if not 1 <= version < 2**63:
        raise ValueError(
            "`version` should be an integer from 1 to 2^63 - 1. "
            f"Received: version={version}."
        )
    if code_map is not None:
        code_map.check_codes(model.latent_spec)
    metadata = _metadata(model, code_map, model_card)
    if code_map is not None:
        description += _explain_code_map(model.latent_spec)
    try:
        graph = convert(network, inputs)
        if float16_weights:
            store_float16(graph)
        data = serialize(
            graph, metadata, doc_string=description, model_version=version
        )
        difference = largest_difference(network, data, inputs)
    except ImportError as error:
        raise ValueError(
            "An export to ONNX needs onnx, onnxruntime, onnxslim and tf2onnx. "
            f"Received: {one_line(error)}. "
            'Install them: pip install "keras-infogan[onnx]".'
        ) from error
    # The exceptions of these packages share no base class.
    except Exception as error:
        raise ValueError(
            "tf2onnx should convert all operations of the network. "
            f"Received: {one_line(error)}. Build it of other layers."
        ) from error
    tolerance = FLOAT16_TOLERANCE if float16_weights else TOLERANCE
    if not difference <= tolerance:
        remedy = "Build the network of other layers: one amplifies rounding."
        if float16_weights:
            remedy = "Store float32 weights."
        raise ValueError(
            f"The ONNX file should agree with Keras within {tolerance:.2g} of "
            "the largest value of an output, or of 1. "
            f"Received: a difference of {difference:.2g}. {remedy}"
        )
    with checksums.recorded_path(Path(path)) as partial:
        partial.write_bytes(data)
    return Path(path)


def _explain_code_map(spec: LatentSpec) -> str:
    ends = [
        f"{name} from {low:.4g} to {high:.4g}"
        for name, code in spec.codes.items()
        if not code.has_categories
        for low, high in [code.traversal(2)]
    ]
    traversals = f" Traversals: {', '.join(ends)}." if ends else ""
    return f" {_CODE_MAP_FIELDS}{traversals}"


def _metadata(
    model: InfoGAN, code_map: CodeMap | None, model_card: str | None
) -> dict[str, str]:
    spec = model.latent_spec
    priors = {
        name: {
            **(spec.codes[name].prior if name in spec.codes else _NOISE_PRIOR),
            "dim": dim,
        }
        for name, dim in spec.input_dims.items()
    }
    pixel_formats = {1: "Gray8", 3: "Rgb8"}
    metadata = {
        "Image.BitmapPixelFormat": pixel_formats.get(model.image_shape[-1]),
        "Image.ColorSpaceGamma": "SRGB",
        "Image.NominalPixelRange": "Normalized_1_1",
        "keras_infogan.code_map": json.dumps(code_map.to_json())
        if code_map
        else None,
        "keras_infogan.latent_spec": json.dumps(spec.get_config()),
        "keras_infogan.model_card": model_card,
        "keras_infogan.priors": json.dumps(priors),
        "keras_infogan.version": __version__,
        "model_license": "Apache-2.0",
    }
    return {key: value for key, value in metadata.items() if value}

"""The networks as ONNX files, which run where there is no TensorFlow.

A file is for people who have nothing but the file. Its inputs and outputs have
the names of the codes, its batch dimension is `batch`, and its metadata say
what the numbers mean:

| key | value |
|---|---|
| `keras_infogan.latent_spec` | JSON of `LatentSpec.get_config()` |
| `keras_infogan.priors` | JSON, how each input of the generator is drawn |
| `keras_infogan.code_map` | JSON, which category is which class; if given |
| `keras_infogan.model_card` | Markdown; if given |
| `keras_infogan.version` | of the package that wrote it |
| `model_license` | `Apache-2.0` |
| `Image.NominalPixelRange` | `Normalized_1_1`: from -1, black, to 1, white |
| `Image.BitmapPixelFormat`, `Image.ColorSpaceGamma` | `Gray8` or `Rgb8`, sRGB |

The last two rows are of the
[ONNX standard](https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md).
The description of the file explains the outputs and the fields of the code map,
and `model_version` is the number of the version.
"""

import contextlib
import json
import logging
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan import __version__
from keras_infogan.export.precision import float32_copy
from keras_infogan.files import atomic_path
from keras_infogan.files import one_line
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN

# The newest that both tf2onnx 1.17 and runtimes of 2023 know, and its format.
OPSET = 17
IR_VERSION = 8
NUM_PARITY_INPUTS = 1000
# Sums in another order: trained networks were off by 4e-6 at most.
TOLERANCE = 1e-5
# Two of the 255 steps between black and white. Weights are off by 2^-11 of
# themselves, which the edge of a stroke makes larger: trained generators were
# off by 7e-3 at most.
FLOAT16_TOLERANCE = 4.0 / 255.0
# Smaller tensors are biases and scales, which weigh next to nothing.
MIN_FLOAT16_SIZE = 1024

_NOISE_PRIOR = {"distribution": "normal", "mean": 0, "stddev": 1}
_CODE_MAP_FIELDS = (
    "In keras_infogan.code_map, a category has a name, the class of most of "
    "its num_labels labeled images, purity, the share of these, and "
    "confidence, the lower end of the 95 % interval of the share; a dimension "
    "has the attribute that it changes, sign, 1 if this rises with the code "
    "and -1 if it falls, correlation, Spearman's rho of the two, and low and "
    "high, the attribute in its unit at the code's lower end (-1 if uniform, "
    "-2 if normal, 0 of bits) and at its upper end (1, 2 and 1). Of real "
    "images, read_low and read_high are the attribute of one whose code is "
    "read as -1 and 1, lower_quartile and upper_quartile bound the middle "
    "half, and agreement is Spearman's rho of the attribute as read and as "
    "measured."
)
# The largest that the format holds.
_MAX_VERSION = 2**63 - 1

Network = Callable[..., dict[str, tf.Tensor]]


def export_onnx(
    model: InfoGAN,
    path: Path | str,
    *,
    code_map: Mapping[str, Any] | None = None,
    model_card: str | None = None,
    version: int = 1,
    float16_weights: bool = False,
) -> Path:
    """Writes the generator as an ONNX file, from latents to `image`.

    The inputs are `noise` and the codes by name, float32 of shape
    `(batch, dim)`, categories one-hot; all random numbers are the caller's. The
    output is float32 `(batch, height, width, channels)` in [-1, 1].

    The file appears only when the ONNX checker has passed it and onnxruntime
    has given the numbers of Keras for 1,000 random inputs, in float32 whatever
    the model was trained in. The same weights give the same bytes.

    Args:
        model: The model.
        path: The file.
        code_map: What each code means, as plain data, for the metadata.
        model_card: Markdown for the metadata.
        version: The number of the version, at least 1, for `model_version`.
        float16_weights: Store the weights in half the size. They are cast when
            the file is loaded, so the arithmetic stays float32.

    Returns:
        `path`.

    Raises:
        ValueError: If the packages of the extra `onnx` are not installed, an
            operation of the network has no counterpart, the numbers differ,
            `code_map` is not plain data, or `version` is no such number. No
            file is written then.
        OSError: If the file cannot be written.
    """
    generator = float32_copy(model.generator)
    names = list(model.latent_spec.input_dims)

    def generate(*latents):
        values = dict(zip(names, latents, strict=True))
        return {"image": generator(values, training=False)}

    latents = model.sample_latents(NUM_PARITY_INPUTS)
    inputs = {name: latents[name].numpy() for name in names}
    return _export(
        generate,
        inputs,
        Path(path),
        description="InfoGAN generator: from noise and latent codes, each "
        "drawn as keras_infogan.priors says, to images (batch, height, width, "
        "channels) in [-1, 1].",
        metadata=_metadata(model, code_map, model_card),
        version=version,
        float16_weights=float16_weights,
    )


def export_onnx_encoder(
    model: InfoGAN,
    path: Path | str,
    *,
    code_map: Mapping[str, Any] | None = None,
    model_card: str | None = None,
    version: int = 1,
    float16_weights: bool = False,
) -> Path:
    """Writes `Q(c|x)` as an ONNX file, from `image` to what its codes are.

    The input is float32 `(batch, height, width, channels)` in [-1, 1]. The
    outputs are those of `InfoGAN.encode`, in the order of
    `latent_spec.posterior`; the description of the file explains them. In all
    else it is like `export_onnx`.
    """
    discriminator = float32_copy(model.discriminator)
    spec = model.latent_spec

    def encode(image):
        return spec.posterior(discriminator(image, training=False))

    # Images as it knows them, and images as it has never seen them.
    half = NUM_PARITY_INPUTS // 2
    noise = np.random.default_rng(0).uniform(-1, 1, (half, *model.image_shape))
    images = np.concatenate([model.generate(half), noise.astype(np.float32)])
    return _export(
        encode,
        {"image": images},
        Path(path),
        description="InfoGAN encoder: from images (batch, height, width, "
        "channels) in [-1, 1] to the posterior of the latent codes. Outputs: "
        f"{_explain_outputs(spec)}.",
        metadata=_metadata(model, code_map, model_card),
        version=version,
        float16_weights=float16_weights,
    )


def _explain_outputs(spec: LatentSpec) -> str:
    return "; ".join(
        f"{name}_{output}, {text}"
        for name, code in spec.codes.items()
        for output, text in code.outputs.items()
    )


def _priors(spec: LatentSpec) -> dict[str, dict[str, Any]]:
    priors = {name: code.prior for name, code in spec.codes.items()}
    dims = spec.input_dims
    return {
        name: {**prior, "dim": dims[name]}
        for name, prior in {"noise": _NOISE_PRIOR, **priors}.items()
    }


def _metadata(
    model: InfoGAN, code_map: Mapping[str, Any] | None, model_card: str | None
) -> dict[str, str]:
    metadata = {
        "Image.BitmapPixelFormat": {1: "Gray8", 3: "Rgb8"}.get(
            model.image_shape[-1], ""
        ),
        "Image.ColorSpaceGamma": "SRGB",
        "Image.NominalPixelRange": "Normalized_1_1",
        "keras_infogan.latent_spec": json.dumps(model.latent_spec.get_config()),
        "keras_infogan.model_card": model_card or "",
        "keras_infogan.priors": json.dumps(_priors(model.latent_spec)),
        "keras_infogan.version": __version__,
        "model_license": "Apache-2.0",
    }
    if code_map is not None:
        try:
            text = json.dumps(code_map, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "`code_map` should be plain data, ready for JSON. "
                f"Received: {one_line(error)}."
            ) from error
        metadata["keras_infogan.code_map"] = text
    return {key: value for key, value in sorted(metadata.items()) if value}


def _export(
    network: Network,
    inputs: Mapping[str, np.ndarray],
    path: Path,
    *,
    description: str,
    metadata: Mapping[str, str],
    version: int,
    float16_weights: bool,
) -> Path:
    if not 1 <= version <= _MAX_VERSION:
        raise ValueError(
            f"`version` should be a whole number from 1 to {_MAX_VERSION}. "
            f"Received: version={version}."
        )
    if "keras_infogan.code_map" in metadata:
        description = f"{description} {_CODE_MAP_FIELDS}"
    try:
        import onnx
        import onnxruntime  # noqa: F401
        import onnxslim  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "An export to ONNX needs onnx, onnxruntime, onnxslim and tf2onnx. "
            f"Received: {one_line(error)}. "
            'Install them: pip install "keras-infogan[onnx]".'
        ) from error
    try:
        graph = _convert(network, inputs)
        if float16_weights:
            _store_float16(graph)
        content = onnx.helper.make_model(
            graph,
            opset_imports=[onnx.helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="keras_infogan",
            producer_version=__version__,
            doc_string=description,
            model_version=version,
        )
        onnx.helper.set_model_props(content, metadata)
        # tf2onnx leaves operations that it does not know in the graph as they
        # are; the checker finds them.
        onnx.checker.check_model(content, full_check=True)
        data = content.SerializeToString(deterministic=True)
        difference = _largest_difference(network, data, inputs)
    # The packages have exceptions of their own, derived from no other.
    except Exception as error:
        raise ValueError(
            "All operations of the network should exist in ONNX, by tf2onnx. "
            f"Received: {one_line(error)}. Build it of other layers."
        ) from error
    tolerance = FLOAT16_TOLERANCE if float16_weights else TOLERANCE
    if not difference <= tolerance:
        remedy = (
            "Store float32 weights"
            if float16_weights
            else "Build it of other layers: one of them amplifies rounding, or "
            "is another one in a graph"
        )
        raise ValueError(
            "The ONNX file should give the numbers of Keras within "
            f"{tolerance:.2g}. Received: a difference of {difference:.2g}. "
            f"{remedy}."
        )
    with atomic_path(path) as partial:
        partial.write_bytes(data)
    return path


def _convert(network: Network, inputs: Mapping[str, np.ndarray]) -> Any:
    import onnxslim
    import tf2onnx

    signature = [
        tf.TensorSpec((None, *values.shape[1:]), tf.float32, name)
        for name, values in inputs.items()
    ]
    with _quiet("tf2onnx"):
        content, _ = tf2onnx.convert.from_function(
            tf.function(network, input_signature=signature),
            input_signature=signature,
            opset=OPSET,
        )
    for end in (*content.graph.input, *content.graph.output):
        end.type.tensor_type.shape.dim[0].dim_param = "batch"
        if end.name == "image":
            end.type.denotation = "IMAGE"
    # What tf2onnx leaves of the arithmetic of shapes depends on hashes of
    # names; onnxslim leaves none.
    graph = onnxslim.slim(content).graph
    # The ends are not its: it drops denotations, and inputs that nothing reads.
    return _canonical(graph, content.graph.input, content.graph.output)


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _in_order(graph: Any) -> list[Any]:
    """The nodes, each after those that it reads, and no others.

    tf2onnx sorts by names that it and Keras number in the order of their work,
    which are never twice alike. This depends on the outputs alone.
    """
    makers = {name: node for node in graph.node for name in node.output if name}
    nodes: dict[str, Any] = {}
    stack = [end.name for end in reversed(graph.output)]
    while stack:
        node = makers[stack[-1]]
        waiting = [
            name
            for name in node.input
            if name in makers and makers[name].output[0] not in nodes
        ]
        if waiting:
            stack.append(waiting[0])
        else:
            nodes[node.output[0]] = node
            stack.pop()
    return list(nodes.values())


def _canonical(graph: Any, inputs: Any, outputs: Any) -> Any:
    """The same graph, with order and names that depend on nothing else."""
    from onnx import helper

    nodes = _in_order(graph)
    names = {"": "", **{end.name: end.name for end in (*inputs, *outputs)}}
    for number, node in enumerate(nodes):
        node.name = f"{node.op_type}_{number}"
        for kind, values in (("input", node.input), ("output", node.output)):
            for index, name in enumerate(values):
                new = f"{node.name}_{kind}_{index}"
                values[index] = names.setdefault(name, new)
        node.attribute.sort(key=lambda attribute: attribute.name)
    weights = [tensor for tensor in graph.initializer if tensor.name in names]
    for tensor in weights:
        tensor.name = names[tensor.name]
    weights.sort(key=lambda tensor: tensor.name)
    return helper.make_graph(nodes, "keras_infogan", inputs, outputs, weights)


def _store_float16(graph: Any) -> None:
    from onnx import TensorProto
    from onnx import helper
    from onnx import numpy_helper

    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_FLOAT16_SIZE:
            continue
        name, stored = tensor.name, f"{tensor.name}_float16"
        # What is too large becomes infinite, and the comparison fails.
        with np.errstate(over="ignore"):
            half = numpy_helper.from_array(values.astype(np.float16), stored)
        tensor.CopyFrom(half)
        cast = helper.make_node(
            "Cast", [stored], [name], name=f"Cast_{name}", to=TensorProto.FLOAT
        )
        graph.node.insert(0, cast)


def _largest_difference(
    network: Network, data: bytes, inputs: Mapping[str, np.ndarray]
) -> float:
    """That of onnxruntime and Keras, relative to outputs that exceed 1.

    To the largest of an output, not each number to itself: what is rounded are
    the terms of a sum, and these are large where the sum may be small.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        data, providers=["CPUExecutionProvider"]
    )
    differences = []
    # A single one, too, as the size of a batch is free.
    for rows in np.split(np.arange(NUM_PARITY_INPUTS), [1, 500]):
        batch = {name: values[rows] for name, values in inputs.items()}
        # A GPU would round to TensorFloat-32.
        with tf.device("CPU:0"):
            expected = network(*map(tf.constant, batch.values()))
        received = session.run(list(expected), batch)
        for keras_output, output in zip(
            expected.values(), received, strict=True
        ):
            scale = max(1.0, np.max(np.abs(keras_output)))
            differences.append(np.max(np.abs(output - keras_output)) / scale)
    return float(np.max(differences))

"""Conversion of a network to an ONNX graph, and its comparison with Keras."""

import contextlib
import logging
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan.files import one_line

# The newest that tf2onnx 1.17 and runtimes of 2023 support.
OPSET = 17
NUM_PARITY_INPUTS = 1000
# Sizes of the batches in the comparison, which are consecutive inputs.
_PARITY_BATCHES = (1, 2, 17, 480, 500)
# Smaller tensors are biases and scales, whose size hardly matters.
MIN_FLOAT16_SIZE = 1024

Network = Callable[..., dict[str, tf.Tensor]]


def check_packages() -> None:
    """Raises `ValueError` unless the extra `onnx` is installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxslim  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "An export to ONNX needs onnx, onnxruntime, onnxslim and tf2onnx. "
            f"Received: {one_line(error)}. "
            'Install them: pip install "keras-infogan[onnx]".'
        ) from error


def convert(network: Network, inputs: Mapping[str, np.ndarray]) -> Any:
    """Converts a network to a GraphProto whose batch dimension is free.

    The same weights give the same graph, with the same names and order.

    Args:
        network: A function from tensors to a dictionary of tensors.
        inputs: An example of each input, in the order of the arguments.
    """
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
    # tf2onnx leaves shape arithmetic whose form depends on hashes of names;
    # onnxslim removes it.
    graph = onnxslim.slim(content).graph
    # onnxslim drops denotations, and inputs that no node reads.
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
    """Sorts the nodes that the outputs need, each after those that it reads.

    The order of tf2onnx depends on names that count earlier work of the
    process. This order depends on the outputs only.
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
    """The same graph with order and names that depend on the graph only."""
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


def store_float16(graph: Any) -> None:
    """Stores large float32 weights as float16, and casts them when loaded."""
    from onnx import TensorProto
    from onnx import helper
    from onnx import numpy_helper

    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_FLOAT16_SIZE:
            continue
        name, stored = tensor.name, f"{tensor.name}_float16"
        # Values beyond float16 become infinite; then the comparison fails.
        with np.errstate(over="ignore"):
            half = numpy_helper.from_array(values.astype(np.float16), stored)
        tensor.CopyFrom(half)
        cast = helper.make_node(
            "Cast", [stored], [name], name=f"Cast_{name}", to=TensorProto.FLOAT
        )
        graph.node.insert(0, cast)


def largest_difference(
    network: Network, data: bytes, inputs: Mapping[str, np.ndarray]
) -> float:
    """The largest difference between onnxruntime and Keras.

    Each output is compared in several batch sizes. Differences are relative to
    the largest value of an output if that exceeds 1: sums round in proportion
    to their terms, which may be large where the sum is small.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        data, providers=["CPUExecutionProvider"]
    )
    differences = []
    for rows in np.split(
        np.arange(NUM_PARITY_INPUTS), np.cumsum(_PARITY_BATCHES)[:-1]
    ):
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

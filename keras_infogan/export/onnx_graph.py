"""Conversion of a network to an ONNX graph, and its comparison with Keras."""

import logging
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan import __version__
from keras_infogan.models.onnx_networks import open_session

# The newest that tf2onnx 1.17 and runtimes of 2023 support, and its format.
OPSET = 17
_IR_VERSION = 8
NUM_PARITY_INPUTS = 1000
# Sizes of the batches in the comparison, which are consecutive inputs.
_PARITY_BATCHES = (1, 2, 17, 480, 500)
# Smaller tensors are biases and scales, whose size hardly matters.
MIN_FLOAT16_SIZE = 1024

Network = Callable[..., dict[str, tf.Tensor]]


def convert(network: Network, inputs: Mapping[str, np.ndarray]) -> Any:
    """Converts a network to a GraphProto with a free batch dimension.

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
    # It would log the errors that it raises, too.
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        content, _ = tf2onnx.convert.from_function(
            tf.function(network, input_signature=signature),
            input_signature=signature,
            opset=OPSET,
        )
    finally:
        logger.setLevel(level)
    for end in (*content.graph.input, *content.graph.output):
        end.type.tensor_type.shape.dim[0].dim_param = "batch"
        if end.name == "image":
            end.type.denotation = "IMAGE"
    # tf2onnx leaves shape arithmetic whose form depends on hashes of names;
    # onnxslim removes it.
    graph = onnxslim.slim(content).graph
    # onnxslim drops denotations and unused inputs.
    return _canonical(graph, content.graph.input, content.graph.output)


def _in_order(graph: Any) -> list[Any]:
    """The nodes that the outputs need, each after those that it depends on.

    The order of tf2onnx depends on what the process converted before.
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
    """Orders and names the nodes by nothing but the graph itself."""
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


def store_integers(graph: Any, *, bits: int) -> None:
    """Stores large weights as int8 times a float32 scale, for each channel.

    Integers of fewer than 8 bits take no fewer bytes, but compress better. The
    channels are along the axis, whichever it is, whose scales round the weights
    least: the input or the output of a layer.
    """
    from onnx import TensorProto
    from onnx import helper
    from onnx import numpy_helper

    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind != "f" or values.size < MIN_FLOAT16_SIZE:
            continue
        name = tensor.name
        rounded, scale = _quantize(values.astype(np.float32), bits)
        whole, unscaled = f"{name}_int8", f"{name}_unscaled"
        tensor.CopyFrom(numpy_helper.from_array(rounded, whole))
        graph.initializer.append(
            numpy_helper.from_array(scale, f"{name}_scale")
        )
        for node in (
            helper.make_node(
                "Mul", [unscaled, f"{name}_scale"], [name], name=f"Mul_{name}"
            ),
            helper.make_node(
                "Cast",
                [whole],
                [unscaled],
                name=f"Cast_{name}",
                to=TensorProto.FLOAT,
            ),
        ):
            graph.node.insert(0, node)


def _quantize(values: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """The int8 values and the scales whose product is closest to `values`."""
    largest_integer = np.float32(2 ** (bits - 1) - 1)
    candidates = []
    for axis in range(values.ndim):
        others = tuple(each for each in range(values.ndim) if each != axis)
        largest = np.abs(values).max(axis=others, keepdims=True)
        scale = np.where(largest > 0.0, largest, 1.0) / largest_integer
        rounded = np.rint(values / scale)
        error = np.square(rounded * scale - values).sum()
        candidates.append((error, axis, rounded.astype(np.int8), scale))
    _, _, rounded, scale = min(candidates, key=lambda each: each[:2])
    return rounded, scale


def serialize(graph: Any, metadata: Mapping[str, str], **fields: Any) -> bytes:
    """Makes a checked file of a graph; `fields` are those of a ModelProto."""
    import onnx

    content = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="keras_infogan",
        producer_version=__version__,
        **fields,
    )
    onnx.helper.set_model_props(content, metadata)
    # tf2onnx keeps operations that it does not know; the checker finds them.
    onnx.checker.check_model(content, full_check=True)
    return content.SerializeToString(deterministic=True)


def largest_difference(
    network: Network, data: bytes, inputs: Mapping[str, np.ndarray]
) -> float:
    """The largest difference of onnxruntime from Keras, over several batches.

    It is relative to the largest value of an output if that exceeds 1: sums
    round in proportion to their terms, which may be large where the sum is
    small.
    """
    session = open_session(data)
    differences = []
    stops = np.cumsum(_PARITY_BATCHES)
    for start, stop in zip([0, *stops], stops, strict=False):
        batch = {name: rows[start:stop] for name, rows in inputs.items()}
        # A GPU would round to TensorFloat-32.
        with tf.device("CPU:0"):
            expected = network(*map(tf.constant, batch.values()))
        received = session.run(list(expected), batch)
        for wanted, output in zip(expected.values(), received, strict=True):
            scale = max(1.0, np.max(np.abs(wanted)))
            differences.append(np.max(np.abs(output - wanted)) / scale)
    return float(np.max(differences))

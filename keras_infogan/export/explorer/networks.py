"""The networks of a page, stored in fewer bytes."""

import functools
from collections.abc import Callable
from typing import Any

from keras_infogan.export.onnx_graph import store_float16
from keras_infogan.export.onnx_graph import store_integers

# How a page may store large weights, from the most exact form to the smallest.
STORAGES: dict[str, Callable[[Any], None]] = {
    "float32": lambda graph: None,
    "float16": store_float16,
    "int8": functools.partial(store_integers, bits=8),
    "int6": functools.partial(store_integers, bits=6),
}


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

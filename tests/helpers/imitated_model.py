"""The model that the imitations of TensorFlow Serving serve: a few formulas."""

import base64
import json
import re
from typing import Any

import numpy as np

IMAGE_SHAPE = (4, 4, 1)
NUM_CATEGORIES = 10
FLOAT, INT32, INT64, BOOL, STRING = (
    f"DT_{name}" for name in ("FLOAT", "INT32", "INT64", "BOOL", "STRING")
)
CODES = {"category": (FLOAT, (10,)), "continuous": (FLOAT, (2,))}
CHOICES = {
    "seed": (INT64, ()),
    "category": (INT32, ()),
    "continuous": (FLOAT, (2,)),
}
IMAGE = {"image": (FLOAT, IMAGE_SHAPE)}
VALID = {"valid": (BOOL, ())}
# Types and shapes of inputs and outputs, by name, without the batch.
SIGNATURES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "serving_default": ({"noise": (FLOAT, (3,)), **CODES}, IMAGE),
    "sample": (CHOICES, IMAGE | VALID),
    "sample_png": (CHOICES, {"png_bytes": (STRING, ())} | VALID),
    "encode": (
        IMAGE,
        {
            "category_logits": (FLOAT, (10,)),
            "category_probabilities": (FLOAT, (10,)),
            "continuous_mean": (FLOAT, (2,)),
            "continuous_log_stddev": (FLOAT, (2,)),
        },
    ),
    "code_map": ({"row": (INT64, ())}, {"code_map": (STRING, ())}),
}
# Category 4 is the digit 7; the slant falls as the second dimension rises.
CODE_MAP = {
    "codes": {
        "category": {
            "type": "categorical",
            "categories": [
                {
                    "name": {4: "7", 7: None, 9: "3", 3: "3"}.get(number),
                    "confidence": number / 10,
                }
                for number in range(10)
            ],
        },
        "continuous": {
            "type": "uniform",
            "dimensions": [
                {"attribute": "thickness", "sign": 1},
                {"attribute": "slant", "sign": -1},
            ],
        },
    }
}
DTYPES = {
    FLOAT: np.float32,
    INT32: np.int32,
    INT64: np.int64,
    BOOL: np.bool_,
    STRING: np.object_,
}
STATE = {
    "version": "3",
    "state": "AVAILABLE",
    "status": {"error_code": "OK", "error_message": ""},
}


def expected_images(seed, category, continuous):
    """Pixel 0 shows the seed, 1 the category, 2 and 3 `continuous`."""
    images = np.zeros((len(seed), 16), np.float32)
    images[:, 0] = (seed % 1000) / 1000
    images[:, 1] = np.asarray(category) / 10
    images[:, 2:4] = continuous
    return images.reshape(-1, *IMAGE_SHAPE)


def compute(signature: str, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
    """Computes the outputs of a signature in NumPy."""
    if signature == "serving_default":
        category = inputs["category"].argmax(axis=1)
        seed = np.rint(1000 * inputs["noise"][:, 0])
        return {"image": expected_images(seed, category, inputs["continuous"])}
    if signature == "code_map":
        text = json.dumps(CODE_MAP).encode()
        return {"code_map": np.array([text] * len(inputs["row"]), np.object_)}
    if signature == "encode":
        pixels = inputs["image"].reshape(-1, 16)
        logits = np.zeros((len(pixels), NUM_CATEGORIES), np.float32)
        logits[:, 0] = pixels.sum(axis=1)
        return {
            "category_logits": logits,
            "category_probabilities": np.full_like(logits, 0.1),
            "continuous_mean": pixels[:, 2:4],
            "continuous_log_stddev": np.zeros_like(pixels[:, 2:4]),
        }
    category, continuous = inputs["category"], inputs["continuous"]
    valid = (0 <= category) & (category < NUM_CATEGORIES)
    # A client without a code map does not know this range.
    valid &= (np.abs(continuous) <= 1).all(axis=1)
    outputs = {"valid": valid}
    if signature == "sample":
        outputs["image"] = expected_images(inputs["seed"], category, continuous)
    else:
        outputs["png_bytes"] = np.array(
            [b"\x89PNG%d" % seed for seed in inputs["seed"]], np.object_
        )
    return outputs


def signature_defs() -> dict[str, Any]:
    """The signatures, as JSON of `SignatureDef`."""

    def tensors(specs: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {
                "dtype": dtype,
                "tensor_shape": {
                    "dim": [
                        {"size": str(size), "name": ""} for size in (-1, *shape)
                    ],
                    "unknown_rank": False,
                },
                "name": f"{name}:0",
            }
            for name, (dtype, shape) in specs.items()
        }

    definitions: dict[str, Any] = {
        name: {
            "inputs": tensors(inputs),
            "outputs": tensors(outputs),
            "method_name": "tensorflow/serving/predict",
        }
        for name, (inputs, outputs) in SIGNATURES.items()
    }
    # TensorFlow writes it into every SavedModel.
    definitions["__saved_model_init_op"] = {"inputs": {}, "outputs": {}}
    return definitions


class RefusedError(Exception):
    """An error with a status and a text for the client."""


def answer(method: str, path: str, body: bytes) -> Any:
    """Returns the JSON for a request, or raises `RefusedError`."""
    match = re.fullmatch(
        r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
        r"(/metadata|:predict)?",
        path,
    )
    if not match or (method == "POST") != (match[4] == ":predict"):
        raise RefusedError(400, f"Malformed request: {method} {path}")
    model, version, label, subject = match.groups()
    if model != "infogan":
        raise RefusedError(404, f"Could not find any versions of model {model}")
    # The server ignores the label in a request for the status.
    if subject and label not in (None, "stable"):
        raise RefusedError(400, f"Unrecognized servable version label: {label}")
    if version not in (None, "3"):
        raise RefusedError(
            404, f"Could not find version {version} of model {model}"
        )
    if subject is None:
        return {"model_version_status": [STATE]}
    if subject == "/metadata":
        return {
            "model_spec": {
                "name": model,
                "signature_name": "",
                "version": "3",
            },
            "metadata": {
                "signature_def": {"signature_def": signature_defs()},
            },
        }
    request = json.loads(body)
    name = request.get("signature_name", "serving_default")
    if name not in SIGNATURES:
        raise RefusedError(
            400, f'Serving signature name: "{name}" not found in signature def'
        )
    columns = request["inputs"]
    inputs, outputs = SIGNATURES[name]
    if set(columns) != set(inputs):
        raise RefusedError(400, f"Inputs are {set(inputs)}, not {set(columns)}")
    arrays = compute(
        name,
        {key: parse(key, columns[key], *spec) for key, spec in inputs.items()},
    )
    named = {key: to_json(key, arrays[key]) for key in outputs}
    return {"outputs": named if len(named) > 1 else next(iter(named.values()))}


def parse(name: str, values: Any, dtype: str, shape: tuple[int, ...]) -> Any:
    array = np.asarray(values)
    # The server takes 1 as a float, but not 1.0 as an integer.
    kinds = {FLOAT: "fi", INT32: "i", INT64: "i"}[dtype]
    if array.dtype.kind not in kinds:
        raise RefusedError(
            400, f"JSON Value: {values} Type: Number is not of expected type"
        )
    if array.shape[1:] != shape:
        raise RefusedError(400, f"{name}: {array.shape[1:]} is not {shape}")
    return array.astype(DTYPES[dtype])


def to_json(name: str, array: np.ndarray) -> Any:
    if array.dtype == object:
        # Like the server: text, unless the name ends with `_bytes`.
        if not name.endswith("_bytes"):
            return [value.decode() for value in array.tolist()]
        return [
            {"b64": base64.b64encode(value).decode()}
            for value in array.tolist()
        ]
    return array.tolist()

"""The model that the imitations of TensorFlow Serving serve: a few formulas."""

import base64
import json
import math
import re
from dataclasses import dataclass
from dataclasses import field
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
VALID = {"valid": (BOOL, ())}
FINGERPRINT = {"fingerprint": (STRING, ())}


def make_signatures(
    image_shape: tuple[int, ...] = IMAGE_SHAPE,
    fingerprint: dict[str, Any] = FINGERPRINT,
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Types and shapes of inputs and outputs, by name, without the batch."""
    image = {"image": (FLOAT, image_shape)}
    marks = VALID | fingerprint
    posterior = {
        "category_logits": (FLOAT, (10,)),
        "category_probabilities": (FLOAT, (10,)),
        "continuous_mean": (FLOAT, (2,)),
        "continuous_log_stddev": (FLOAT, (2,)),
    }
    return {
        "serving_default": ({"noise": (FLOAT, (3,)), **CODES}, image),
        "sample": (CHOICES, image | marks),
        "sample_png": (CHOICES, {"png_bytes": (STRING, ())} | marks),
        "encode": (image, posterior | marks),
        "encode_image": ({"image_bytes": (STRING, ())}, posterior | marks),
        "code_map": (
            {"row": (INT64, ())},
            {"code_map": (STRING, ())} | fingerprint,
        ),
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


@dataclass
class Served:
    """The version that an imitation serves, and what its status says.

    Attributes:
        states: State and error of other versions.
    """

    version: int = 3
    code_map: Any = field(default_factory=lambda: CODE_MAP)
    signatures: dict[str, Any] = field(default_factory=make_signatures)
    states: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def image_shape(self) -> tuple[int, ...]:
        return self.signatures["serving_default"][1]["image"][1]

    def status(self) -> Any:
        """A GetModelStatusResponse, as JSON."""
        states = {self.version: ("AVAILABLE", ""), **self.states}
        return {
            "model_version_status": [
                {
                    "version": str(version),
                    "state": state,
                    "status": {
                        "error_code": "UNKNOWN" if error else "OK",
                        "error_message": error,
                    },
                }
                for version, (state, error) in states.items()
            ]
        }


def expected_images(seed, category, continuous, shape=IMAGE_SHAPE):
    """Pixel 0 shows the seed, 1 the category, 2 and 3 `continuous`."""
    images = np.zeros((len(seed), math.prod(shape)), np.float32)
    images[:, 0] = (seed % 1000) / 1000
    images[:, 1] = np.asarray(category) / 10
    images[:, 2:4] = continuous
    return images.reshape(-1, *shape)


def compute(
    served: Served, signature: str, inputs: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Computes the outputs of a signature in NumPy."""
    num_rows = len(next(iter(inputs.values())))
    outputs: dict[str, Any] = {
        "valid": np.ones(num_rows, bool),
        "fingerprint": np.array([b"%016x" % served.version] * num_rows, object),
    }
    shape = served.image_shape
    if signature == "serving_default":
        category = inputs["category"].argmax(axis=1)
        seed = np.rint(1000 * inputs["noise"][:, 0])
        outputs["image"] = expected_images(
            seed, category, inputs["continuous"], shape
        )
    elif signature == "code_map":
        text = json.dumps(served.code_map).encode() if served.code_map else b""
        outputs["code_map"] = np.array([text] * num_rows, object)
    elif signature == "encode_image":
        # Its image has the length of the file in all pixels.
        files = inputs["image_bytes"]
        outputs |= _posterior(np.array([[len(file)] * 16 for file in files]))
        outputs["valid"] = np.array([file[:4] == b"\x89PNG" for file in files])
    elif signature == "encode":
        outputs |= _posterior(inputs["image"].reshape(num_rows, -1))
    else:
        category, continuous = inputs["category"], inputs["continuous"]
        # A client without a code map does not know this range.
        outputs["valid"] = (0 <= category) & (category < NUM_CATEGORIES)
        outputs["valid"] &= (np.abs(continuous) <= 1).all(axis=1)
        outputs["image"] = expected_images(
            inputs["seed"], category, continuous, shape
        )
        outputs["png_bytes"] = np.array(
            [b"\x89PNG%d" % seed for seed in inputs["seed"]], object
        )
    return {name: outputs[name] for name in served.signatures[signature][1]}


def _posterior(pixels: np.ndarray) -> dict[str, np.ndarray]:
    logits = np.zeros((len(pixels), NUM_CATEGORIES), np.float32)
    logits[:, 0] = pixels.sum(axis=1)
    return {
        "category_logits": logits,
        "category_probabilities": np.full_like(logits, 0.1),
        "continuous_mean": pixels[:, 2:4].astype(np.float32),
        "continuous_log_stddev": np.zeros((len(pixels), 2), np.float32),
    }


def signature_defs(served: Served) -> dict[str, Any]:
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
        for name, (inputs, outputs) in served.signatures.items()
    }
    # TensorFlow writes it into every SavedModel.
    definitions["__saved_model_init_op"] = {"inputs": {}, "outputs": {}}
    return definitions


class RefusedError(Exception):
    """An error with a status and a text for the client."""


def check_path(served: Served, method: str, path: str) -> str | None:
    """What is asked, `/metadata`, `:predict` or the status: None."""
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
    if version not in (None, str(served.version)):
        raise RefusedError(
            404, f"Could not find version {version} of model {model}"
        )
    return subject


def answer(served: Served, method: str, path: str, body: bytes) -> str:
    """Returns the text of an answer over HTTP, or raises `RefusedError`.

    Spaces and digits are those of json_tensor.cc of the server, and of
    protobuf's JSON.
    """
    subject = check_path(served, method, path)
    if subject is None:
        return json.dumps(served.status(), indent=1)
    if subject == "/metadata":
        spec = {
            "name": "infogan",
            "signature_name": "",
            "version": str(served.version),
        }
        definitions = {"signature_def": signature_defs(served)}
        return json.dumps(
            {"model_spec": spec, "metadata": {"signature_def": definitions}},
            indent=1,
        )
    request = json.loads(body)
    name = request.get("signature_name", "serving_default")
    if name not in served.signatures:
        raise RefusedError(
            400, f'Serving signature name: "{name}" not found in signature def'
        )
    rows = request["instances"]
    inputs, outputs = served.signatures[name]
    for number, row in enumerate(rows):
        if set(row) != set(inputs):
            raise RefusedError(
                400,
                f"Failed to process element: {number} of 'instances' list. "
                f"JSON object: {row} keys must be equal to: {','.join(inputs)}",
            )
    arrays = {
        key: parse(key, [row[key] for row in rows], *spec)
        for key, spec in inputs.items()
    }
    return to_text(compute(served, name, arrays), outputs)


def parse(name: str, values: Any, dtype: str, shape: tuple[int, ...]) -> Any:
    if dtype == STRING:
        files = [base64.b64decode(value["b64"]) for value in values]
        return np.array(files, object)
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


def to_text(arrays: dict[str, np.ndarray], outputs: dict[str, Any]) -> str:
    """The row form: four spaces, and arrays on one line.

    A single output has no name, and then only the end of the list has a line of
    its own.
    """
    columns = {
        key: _rows_of(key, arrays[key], *spec) for key, spec in outputs.items()
    }
    if len(columns) == 1:
        (rows,) = columns.values()
        return f'{{\n    "predictions": [{", ".join(rows)}\n    ]\n}}'
    indent = " " * 8
    objects = [
        ",\n".join(
            f'{indent}    "{key}": {value}'
            for key, value in zip(columns, row, strict=True)
        )
        for row in zip(*columns.values(), strict=True)
    ]
    text = ",\n".join(
        f"{indent}{{\n{content}\n{indent}}}" for content in objects
    )
    return f'{{\n    "predictions": [\n{text}\n    ]\n}}'


def _rows_of(
    name: str, array: np.ndarray, dtype: str, shape: tuple[int, ...]
) -> list[str]:
    """The JSON of each row of an output."""
    if dtype == STRING:
        # Like the server: text, unless the name ends with `_bytes`.
        if not name.endswith("_bytes"):
            return [json.dumps(value.decode()) for value in array.tolist()]
        inner = " " * 16
        return [
            f'{{\n{inner}"b64": "{base64.b64encode(value).decode()}"\n'
            f"{inner[:-4]}}}"
            for value in array.tolist()
        ]
    # Rows that are alike are written once.
    rows = {row.tobytes(): row for row in array}
    texts = {key: _to_line(row) for key, row in rows.items()}
    return [texts[row.tobytes()] for row in array]


def _to_line(array: Any) -> str:
    if array.ndim:
        return f"[{', '.join(map(_to_line, array))}]"
    return to_decimal(array)


def to_decimal(value: Any) -> str:
    """Six digits if they are exact, otherwise nine."""
    if value.dtype.kind != "f":
        return json.dumps(value.item())
    text = f"{value:.6g}"
    if np.float32(text) != value:
        text = f"{value:.9g}"
    return text if {*text} & {*".e"} else f"{text}.0"

"""Imitations of TensorFlow Serving, for the messages of our client alone.

They follow the documents of its two protocols and know a model of a few
formulas. What the server itself does, they cannot show.
"""

import base64
import json
import os
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
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
# By name: types and shapes of the inputs and of the outputs, without the batch.
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
# Category 4 is the digit 7; more of the second dimension is less slant.
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
    """Pixel 0 is of the seed, 1 of the category, 2 and 3 of `continuous`."""
    images = np.zeros((len(seed), 16), np.float32)
    images[:, 0] = (seed % 1000) / 1000
    images[:, 1] = np.asarray(category) / 10
    images[:, 2:4] = continuous
    return images.reshape(-1, *IMAGE_SHAPE)


def compute(signature: str, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
    """The model: what each signature gives, in NumPy."""
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
    # More than a client without a code map can know.
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
    """The signatures as JSON of `SignatureDef`."""

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
    # As TensorFlow writes it into every SavedModel.
    definitions["__saved_model_init_op"] = {"inputs": {}, "outputs": {}}
    return definitions


class RefusedError(Exception):
    """A status and a text for the client."""


class ImitatedRestServer(ThreadingHTTPServer):
    """The documented JSON, in column form, which alone our client sends.

    Attributes:
        failures: What is done in place of the next answers, in this order.
        requests: Method, path and body of all that came.
    """

    daemon_threads = True

    def __init__(self, certificate: tuple[Path, Path] | None = None):
        super().__init__(("127.0.0.1", 0), _RestHandler)
        self.failures: list[Callable[[Any], None]] = []
        self.requests: list[tuple[str, str, bytes]] = []
        self.closing = threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake is not for the thread that accepts.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


@contextmanager
def imitated_rest(
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[ImitatedRestServer]:
    with ImitatedRestServer(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _RestHandler(BaseHTTPRequestHandler):
    server: ImitatedRestServer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, body))
        if self.server.failures:
            self.server.failures.pop(0)(self)
            return
        try:
            self.send_json(200, answer(self.command, self.path, body))
        except RefusedError as error:
            status, text = error.args
            self.send_json(status, {"error": text})

    def send_json(self, status: int, content: Any) -> None:
        self.send_text(status, json.dumps(content))

    def send_text(self, status: int, text: str, length: int = 0) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)


def answer(method: str, path: str, body: bytes) -> Any:
    """The JSON for a request; raises `RefusedError`."""
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
    # The server takes a label in a request for the status, and ignores it.
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
    # To the server, 1.0 is no integer; 1 is a float.
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
        # As the server does: text, unless the name says that it is bytes.
        if not name.endswith("_bytes"):
            return [value.decode() for value in array.tolist()]
        return [
            {"b64": base64.b64encode(value).decode()}
            for value in array.tolist()
        ]
    return array.tolist()


# Failures


def hang(handler: Any) -> None:
    """Takes the request and does not answer for a minute."""
    handler.server.closing.wait(60)


def dribble(handler: Any) -> None:
    """Sends a byte at a time for a minute, so no single read times out."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(1200):
        if handler.server.closing.wait(0.05):
            break
        handler.wfile.write(b"x")


def reset(handler: Any) -> None:
    """The process dies: the other side gets a reset."""
    handler.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    handler.close_connection = True
    # Past `shutdown`, which would end it in peace.
    os.close(handler.connection.detach())


def truncate(handler: Any) -> None:
    """It dies in the middle of the answer."""
    handler.send_text(200, '{"outputs": [', length=1000)
    handler.close_connection = True


def overloaded(handler: Any) -> None:
    handler.send_json(503, {"error": "The batch scheduling queue is full"})


def sends(status: int, text: str) -> Callable[[Any], None]:
    return lambda handler: handler.send_text(status, text)


# gRPC


@contextmanager
def imitated_grpc(
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[Any]:
    """A servicer on the official stubs; yields it, with its `port`.

    `failures` and `requests` are those of the REST imitation, but a failure is
    given the context of the call.
    """
    from concurrent import futures

    import grpc
    import tensorflow as tf
    from google.protobuf import json_format
    from tensorflow_serving.apis import get_model_metadata_pb2
    from tensorflow_serving.apis import get_model_status_pb2
    from tensorflow_serving.apis import model_service_pb2_grpc
    from tensorflow_serving.apis import predict_pb2
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    codes = {
        400: grpc.StatusCode.INVALID_ARGUMENT,
        404: grpc.StatusCode.NOT_FOUND,
    }

    class Servicer(
        prediction_service_pb2_grpc.PredictionServiceServicer,
        model_service_pb2_grpc.ModelServiceServicer,
    ):
        def __init__(self):
            self.failures: list[Any] = []
            self.requests: list[Any] = []
            self.closing = threading.Event()
            self.port = 0

        def _take(self, request, context, subject=""):
            self.requests.append(request)
            if self.failures:
                self.failures.pop(0)(self, context)
            spec = request.model_spec
            path = f"/v1/models/{spec.name}"
            if spec.HasField("version"):
                path += f"/versions/{spec.version.value}"
            elif spec.version_label:
                path += f"/labels/{spec.version_label}"
            try:
                return answer("GET", path + subject, b"")
            except RefusedError as error:
                status, text = error.args
                context.abort(codes[status], text)

        def GetModelStatus(self, request, context):
            return json_format.ParseDict(
                self._take(request, context),
                get_model_status_pb2.GetModelStatusResponse(),
            )

        def GetModelMetadata(self, request, context):
            self._take(request, context, "/metadata")
            signatures = json_format.ParseDict(
                {"signature_def": signature_defs()},
                get_model_metadata_pb2.SignatureDefMap(),
            )
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            response.model_spec.name = "infogan"
            response.model_spec.version.value = 3
            response.metadata["signature_def"].Pack(signatures)
            return response

        def Predict(self, request, context):
            # The server finds a version for both of them alike.
            self._take(request, context, "/metadata")
            name = request.model_spec.signature_name
            inputs = {}
            for key, (dtype, shape) in SIGNATURES[name][0].items():
                array = tf.make_ndarray(request.inputs[key])
                assert array.dtype == DTYPES[dtype]
                assert array.shape[1:] == shape
                inputs[key] = array
            response = predict_pb2.PredictResponse()
            for key, array in compute(name, inputs).items():
                response.outputs[key].CopyFrom(tf.make_tensor_proto(array))
            return response

    servicer = Servicer()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        servicer, server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(servicer, server)
    if certificate:
        chain, key = (path.read_bytes() for path in certificate)
        servicer.port = server.add_secure_port(
            "127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)])
        )
    else:
        servicer.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield servicer
    finally:
        servicer.closing.set()
        server.stop(None).wait()

"""Requests to TensorFlow Serving over gRPC.

Imports TensorFlow, as the official stubs do.
"""

import importlib
from collections.abc import Callable
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from keras_infogan.serving.errors import Kind
from keras_infogan.serving.errors import ServingError
from keras_infogan.serving.errors import one_line_text
from keras_infogan.serving.errors import unexpected
from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import check_output
from keras_infogan.serving.signatures import parse_metadata
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import parse_status

DEFAULT_PORTS = {"grpc": 8500, "grpcs": 443}
# Details of gRPC's own errors when it does not reach a server.
_NO_CONNECTION = ("failed to connect", "errors resolving")
_KINDS: dict[str, Kind] = {
    "INVALID_ARGUMENT": "invalid",
    "FAILED_PRECONDITION": "invalid",
    "NOT_FOUND": "missing",
    "UNAVAILABLE": "unavailable",
}


class GrpcTransport:
    """Asks a model over grpc or grpcs.

    Raises:
        ServingError: If `grpcio` or `tensorflow-serving-api` is not installed.
    """

    def __init__(self, model: ServedModel):
        self.server = model.server
        self._model = model
        self._grpc = _import("grpc")
        self._predict = _import("tensorflow_serving.apis.predict_pb2")
        self._metadata = _import(
            "tensorflow_serving.apis.get_model_metadata_pb2"
        )
        self._status = _import("tensorflow_serving.apis.get_model_status_pb2")
        self._json_format = _import("google.protobuf.json_format")
        self._tensorflow = _import("tensorflow")
        url = model.url
        host = f"[{url.hostname}]" if ":" in str(url.hostname) else url.hostname
        target = f"{host}:{url.port or DEFAULT_PORTS[url.scheme]}"
        options = [
            ("grpc.max_receive_message_length", model.max_message_bytes),
            (
                "grpc.min_reconnect_backoff_ms",
                int(1000 * model.connect_timeout),
            ),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.enable_http_proxy", 0),
        ]
        if url.scheme == "grpcs":
            roots = model.ca_file.read_bytes() if model.ca_file else None
            self._channel = self._grpc.secure_channel(
                target, self._grpc.ssl_channel_credentials(roots), options
            )
        else:
            self._channel = self._grpc.insecure_channel(target, options)
        prediction = _import(
            "tensorflow_serving.apis.prediction_service_pb2_grpc"
        ).PredictionServiceStub(self._channel)
        self._ask_predict = prediction.Predict
        self._ask_metadata = prediction.GetModelMetadata
        self._ask_status = (
            _import("tensorflow_serving.apis.model_service_pb2_grpc")
            .ModelServiceStub(self._channel)
            .GetModelStatus
        )

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def status(self, deadline: Deadline) -> dict[int, dict[str, str]]:
        response = self._ask(
            self._ask_status, self._status.GetModelStatusRequest(), deadline
        )
        return parse_status(self.server, self._to_dict(response))

    def metadata(self, deadline: Deadline) -> Metadata:
        request = self._metadata.GetModelMetadataRequest(
            metadata_field=["signature_def"]
        )
        response = self._ask(self._ask_metadata, request, deadline)
        signatures = self._metadata.SignatureDefMap()
        if not response.metadata["signature_def"].Unpack(signatures):
            raise unexpected(
                self.server, "the metadata of a model", str(response)
            )
        return parse_metadata(
            self.server,
            response.model_spec.version.value,
            self._to_dict(signatures).get("signature_def", {}),
        )

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        request = self._predict.PredictRequest()
        request.model_spec.signature_name = name
        for key, array in inputs.items():
            request.inputs[key].CopyFrom(
                self._tensorflow.make_tensor_proto(array)
            )
        response = self._ask(self._ask_predict, request, deadline)
        num_rows = len(next(iter(inputs.values())))
        arrays = {}
        for key, spec in signature.outputs.items():
            if key not in response.outputs:
                raise unexpected(
                    self.server, f"the output {key!r}", str([*response.outputs])
                )
            tensor = response.outputs[key]
            # Check the shape first: a short message can declare a huge one.
            shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
            check_output(
                self.server,
                key,
                np.broadcast_to(np.int8(0), shape),
                spec,
                num_rows,
            )
            try:
                array = self._tensorflow.make_ndarray(tensor)
            except (TypeError, ValueError) as error:
                raise unexpected(self.server, f"{key!r}", str(error)) from error
            if array.dtype != spec.dtype:
                raise unexpected(
                    self.server, f"{spec.dtype} {key!r}", f"{array.dtype}"
                )
            check_output(self.server, key, array, spec, num_rows)
            arrays[key] = array
        return arrays

    def _to_dict(self, message: Any) -> dict[str, Any]:
        return self._json_format.MessageToDict(
            message, preserving_proto_field_name=True
        )

    def _ask(
        self, method: Callable[..., Any], request: Any, deadline: Deadline
    ) -> Any:
        request.model_spec.name = self._model.name
        if self._model.version is not None:
            request.model_spec.version.value = self._model.version
        elif self._model.label is not None:
            request.model_spec.version_label = self._model.label
        try:
            return method(request, timeout=deadline.remaining())
        except self._grpc.RpcError as error:
            code, details = error.code().name, error.details() or ""
        if code == "DEADLINE_EXCEEDED":
            raise deadline.error()
        if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
            raise ServingError(
                f"{self.server} gave a larger answer than allowed. Received: "
                f"{one_line_text(details)}. Raise `max_message_bytes`, or lower"
                " `max_batch_size`.",
                "broken",
            )
        if code == "UNAVAILABLE" and "CERTIFICATE_VERIFY_FAILED" in details:
            raise ServingError(
                f"{self.server} should have a trusted certificate. "
                f"Received: {one_line_text(details)}. Pass the certificate of "
                "its authority as `ca_file`.",
                "broken",
            )
        if code == "UNAVAILABLE" and "HTTP/2" in details:
            raise ServingError(
                f"{self.server} does not answer as gRPC. Received: "
                f"{one_line_text(details)}. Is the port that of gRPC, 8500 by "
                "default?",
                "broken",
            )
        if code == "UNAVAILABLE" and details.startswith(_NO_CONNECTION):
            raise ServingError(
                f"{self.server} accepts no connection. Received: "
                f"{one_line_text(details)}. Is the server running?",
                "unavailable",
            )
        raise self._model.refusal(
            _KINDS.get(code, "broken"), f"{code}: {details}"
        )


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ServingError(
            "gRPC needs grpcio and tensorflow-serving-api. Received: "
            f"{one_line_text(str(error))}. Install keras-infogan[serving], or "
            "use the REST API at http://.",
            "broken",
        ) from error

"""Requests to TensorFlow Serving over gRPC.

Imports TensorFlow, as the official stubs do.
"""

from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import get_model_status_pb2
from tensorflow_serving.apis import model_service_pb2_grpc
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc

from keras_infogan.serving.signatures import Metadata
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import parse_metadata
from keras_infogan.serving.signatures import parse_status
from keras_infogan.serving.transport import Deadline
from keras_infogan.serving.transport import Kind
from keras_infogan.serving.transport import ServedModel
from keras_infogan.serving.transport import unexpected

_DEFAULT_PORTS = {"grpc": 8500, "grpcs": 443}
# Details of gRPC's own errors when it does not reach a server.
_NO_CONNECTION = ("failed to connect", "errors resolving")
_KINDS: dict[str, Kind] = {
    "INVALID_ARGUMENT": "invalid",
    "FAILED_PRECONDITION": "invalid",
    "NOT_FOUND": "missing",
    # More callers than --grpc_max_threads: "Server Threadpool Exhausted".
    "RESOURCE_EXHAUSTED": "unavailable",
    "UNAVAILABLE": "unavailable",
}


class GrpcTransport:
    """Asks a model over grpc or grpcs."""

    def __init__(self, model: ServedModel):
        self._model = model
        url = model.url
        host = f"[{url.hostname}]" if ":" in str(url.hostname) else url.hostname
        target = f"{host}:{url.port or _DEFAULT_PORTS[url.scheme]}"
        backoff = int(1000 * model.connect_timeout)
        options = [
            ("grpc.max_receive_message_length", model.max_message_bytes),
            ("grpc.min_reconnect_backoff_ms", backoff),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.enable_http_proxy", 0),
        ]
        if url.scheme == "grpcs":
            roots = Path(model.ca_file).read_bytes() if model.ca_file else None
            self._channel = grpc.secure_channel(
                target, grpc.ssl_channel_credentials(roots), options
            )
        else:
            self._channel = grpc.insecure_channel(target, options)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(
            self._channel
        )

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def status(self, deadline: Deadline) -> dict[int, dict[str, str]]:
        request = get_model_status_pb2.GetModelStatusRequest()
        response = self._ask(self._models.GetModelStatus, request, deadline)
        return parse_status(_to_dict(response))

    def metadata(self, deadline: Deadline) -> Metadata:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            metadata_field=["signature_def"]
        )
        response = self._ask(
            self._predictions.GetModelMetadata, request, deadline
        )
        signatures = get_model_metadata_pb2.SignatureDefMap()
        if not response.metadata["signature_def"].Unpack(signatures):
            raise unexpected("the metadata of a model", response)
        return parse_metadata(
            response.model_spec.version.value,
            _to_dict(signatures).get("signature_def", {}),
        )

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> tuple[dict[str, np.ndarray], int | None]:
        """Returns the outputs, and the version that computed them."""
        request = predict_pb2.PredictRequest()
        request.model_spec.signature_name = name
        for key, array in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(array))
        response = self._ask(self._predictions.Predict, request, deadline)
        num_rows = len(next(iter(inputs.values())))
        arrays = {}
        for key, spec in signature.outputs.items():
            # One that is missing has no rows.
            tensor = response.outputs[key]
            shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
            # A short message can declare a huge array.
            if not spec.matches(shape, num_rows):
                raise unexpected(
                    f"{num_rows} rows of {key!r}", f"shape={shape}"
                )
            try:
                arrays[key] = tf.make_ndarray(tensor)
            except (TypeError, ValueError) as error:
                raise unexpected(f"{key!r}", error) from error
        spec = response.model_spec
        return arrays, spec.version.value if spec.HasField("version") else None

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
        except grpc.RpcError as error:
            code, details = error.code().name, error.details() or ""
        kind: Kind = "broken"
        if code == "DEADLINE_EXCEEDED":
            raise deadline.error()
        if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
            problem = "gave a larger answer than allowed"
            remedy = "Raise `max_message_bytes`, or lower `max_batch_size`."
        elif code == "UNAVAILABLE" and "CERTIFICATE_VERIFY_FAILED" in details:
            problem = "should have a trusted certificate"
            remedy = "Pass the certificate of its authority as `ca_file`."
        elif code == "UNAVAILABLE" and "HTTP/2" in details:
            problem = "does not answer as gRPC"
            remedy = "Is the port that of gRPC, 8500 by default?"
        elif code == "UNAVAILABLE" and details.startswith(_NO_CONNECTION):
            kind = "unavailable"
            problem = "accepts no connection"
            remedy = "Is the server running?"
        else:
            kind = _KINDS.get(code, "broken")
            raise self._model.refusal(kind, f"{code}: {details}")
        raise self._model.error(kind, problem, details, remedy)


def _to_dict(message: Any) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)

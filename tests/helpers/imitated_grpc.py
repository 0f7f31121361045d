"""An imitation of TensorFlow Serving's gRPC API, on the official stubs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers.imitated_model import DTYPES
from tests.helpers.imitated_model import SIGNATURES
from tests.helpers.imitated_model import RefusedError
from tests.helpers.imitated_model import answer
from tests.helpers.imitated_model import compute
from tests.helpers.imitated_model import signature_defs


@contextmanager
def imitated_grpc(
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[Any]:
    """Yields a servicer on the official stubs, with its `port`.

    `failures` and `requests` are as for REST, but a failure gets the servicer
    and the context of the call.
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
            # The server chooses the version as for the metadata.
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

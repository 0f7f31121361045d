"""Services on the official stubs, for `imitated_grpc`; imports TensorFlow."""

import threading
from typing import Any

import grpc
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import get_model_status_pb2
from tensorflow_serving.apis import model_service_pb2_grpc
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.helpers.imitated_model import DTYPES
from tests.helpers.imitated_model import RefusedError
from tests.helpers.imitated_model import Served
from tests.helpers.imitated_model import check_path
from tests.helpers.imitated_model import compute
from tests.helpers.imitated_model import signature_defs

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
}


class Servicer(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    """Both services; the attributes are those of the imitation for REST."""

    def __init__(self):
        self.served = Served()
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
            check_path(self.served, "GET", path + subject)
        except RefusedError as error:
            status, text = error.args
            context.abort(_CODES[status], text)

    def GetModelStatus(self, request, context):
        self._take(request, context)
        return json_format.ParseDict(
            self.served.status(), get_model_status_pb2.GetModelStatusResponse()
        )

    def GetModelMetadata(self, request, context):
        self._take(request, context, "/metadata")
        signatures = json_format.ParseDict(
            {"signature_def": signature_defs(self.served)},
            get_model_metadata_pb2.SignatureDefMap(),
        )
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        self._name(response)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def Predict(self, request, context):
        # The server chooses the version as for the metadata.
        self._take(request, context, "/metadata")
        name = request.model_spec.signature_name
        inputs = {}
        for key, (dtype, shape) in self.served.signatures[name][0].items():
            if key not in request.inputs:
                context.abort(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    f"input size does not match signature: no {key}",
                )
            array = tf.make_ndarray(request.inputs[key])
            assert array.dtype == DTYPES[dtype]
            assert array.shape[1:] == shape
            inputs[key] = array
        response = predict_pb2.PredictResponse()
        self._name(response)
        for key, array in compute(self.served, name, inputs).items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(array))
        return response

    def _name(self, response):
        response.model_spec.name = "infogan"
        response.model_spec.version.value = self.served.version

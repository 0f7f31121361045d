"""What is special about gRPC."""

import sys

import pytest

from keras_infogan.serving import PredictionClient
from keras_infogan.serving import ServingError
from tests.helpers.serving_client import connected


def test_grpc_answers_that_are_too_large(grpc_server):
    """The metadata has some thousand bytes."""
    with connected("grpc", grpc_server, max_message_bytes=1000) as client:
        with pytest.raises(ServingError, match="larger.*`max_message_bytes`"):
            client.metadata()


def test_grpc_to_a_port_of_http(rest):
    with connected("grpc", rest, timeout=3, connect_timeout=1) as client:
        with pytest.raises(ServingError, match="as gRPC.*8500") as caught:
            client.status()
    assert caught.value.kind == "broken"


@pytest.mark.parametrize("missing", ["grpc", "tensorflow_serving.apis"])
def test_grpc_is_an_extra(missing, monkeypatch):
    monkeypatch.delitem(
        sys.modules, "keras_infogan.serving.grpc", raising=False
    )
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ServingError, match=r"Install keras-infogan\[serving\]"):
        PredictionClient("grpc://127.0.0.1:8500", "infogan")

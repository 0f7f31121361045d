"""An imitation of TensorFlow Serving's gRPC API, on the official stubs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def imitated_grpc(
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[Any]:
    """Yields a servicer on the official stubs, with its `port`.

    `served`, `failures` and `requests` are as for REST, but a failure gets the
    servicer and the context of the call.
    """
    from concurrent import futures

    import grpc
    from tensorflow_serving.apis import model_service_pb2_grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    from tests.helpers.grpc_servicer import Servicer

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

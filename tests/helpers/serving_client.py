"""A client for each imitation of a server."""

import time
from contextlib import contextmanager

import pytest

from keras_infogan.serving import PredictionClient
from keras_infogan.serving import ServingError
from tests.helpers.imitated_grpc import imitated_grpc
from tests.helpers.imitated_rest import imitated_rest

IMITATIONS = {"http": imitated_rest, "grpc": imitated_grpc}


@contextmanager
def connected(scheme, server, **options):
    options = {"timeout": 10.0, "retries": 0, **options}
    url = f"{scheme}://127.0.0.1:{server.port}"
    with PredictionClient(url, "infogan", **options) as client:
        yield client


def failure_of(request):
    """How many seconds `request` takes to raise a ServingError, and that."""
    start = time.monotonic()
    with pytest.raises(ServingError, match=r"\A.+\Z") as caught:
        request()
    return time.monotonic() - start, caught.value

"""Imitations of TensorFlow Serving, and a certificate for them."""

import shutil
import subprocess

import pytest

from tests.helpers.imitated_grpc import imitated_grpc
from tests.helpers.imitated_rest import imitated_rest
from tests.helpers.serving_client import IMITATIONS


@pytest.fixture(params=IMITATIONS)
def scheme(request):
    return request.param


@pytest.fixture
def server(scheme):
    with IMITATIONS[scheme]() as imitation:
        yield imitation


@pytest.fixture
def rest():
    with imitated_rest() as imitation:
        yield imitation


@pytest.fixture
def grpc_server():
    with imitated_grpc() as imitation:
        yield imitation


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1."""
    if not shutil.which("openssl"):
        pytest.skip("makes a certificate with openssl, which is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "1"]
        + ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=test"]
        + ["-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(chain)],
        check=True,
        capture_output=True,
    )
    return chain, key

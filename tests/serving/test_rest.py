"""Answers over HTTP, and certificates."""

import numpy as np
import pytest

from keras_infogan.serving import PredictionClient
from keras_infogan.serving import ServingError
from tests.helpers.imitated_model import Served
from tests.helpers.imitated_model import expected_images
from tests.helpers.imitated_model import make_signatures
from tests.helpers.imitated_model import to_text
from tests.helpers.imitated_rest import overloaded
from tests.helpers.imitated_rest import reset
from tests.helpers.imitated_rest import sends
from tests.helpers.imitated_rest import truncate
from tests.helpers.serving_client import IMITATIONS
from tests.helpers.serving_client import connected
from tests.helpers.serving_client import failure_of


@pytest.mark.parametrize(
    ("failure", "kind", "message"),
    [
        (overloaded, "unavailable", "overloaded.*503.*queue is full"),
        (sends(429, "{}"), "unavailable", "overloaded.*HTTP 429"),
        (reset, "unavailable", "before the answer was complete.*reset"),
        (truncate, "unavailable", "before the answer was complete"),
        (sends(500, "oh"), "broken", "failed on the request.*HTTP 500: oh"),
        (sends(301, ""), "broken", "failed on the request.*HTTP 301"),
        (sends(200, "<html>"), "broken", "a JSON object. Received: <html>"),
        (sends(200, "[1]"), "broken", r"a JSON object. Received: \[1\]"),
        (sends(200, "[" * 10**5), "broken", "a JSON object"),
        (sends(200, " " * (2**22 + 1)), "broken", "at most 4194304 bytes"),
        (sends(200, "{}"), "broken", "the metadata of a model.*: {}"),
        (
            sends(400, '{"error": "a\\nb\\u001b[31m"}'),
            "invalid",
            r"refused the request to the model 'infogan'.*HTTP 400: a b \[31m",
        ),
    ],
)
def test_wrong_answers(failure, kind, message, rest):
    rest.failures = [failure]
    with connected("http", rest) as client:
        with pytest.raises(ServingError, match=message) as caught:
            client.metadata()
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("count", "shape"), [(5000, (28, 28, 1)), (1000, (32, 32, 3))]
)
def test_thousands_of_images(count, shape, rest):
    """In requests of 128 rows; 113 rows of the column form were too long."""
    rest.served = Served(signatures=make_signatures(shape))
    seeds = np.arange(count) % 10
    with connected("http", rest, timeout=300.0) as client:
        images = client.sample(count=count, seed=seeds, category=3)
    expected = expected_images(seeds, 3, [0, 0], shape)
    np.testing.assert_array_equal(images, expected)


def test_the_longest_numbers_fit(rest, monkeypatch):
    """Nine digits, signs and exponents, alone in the most brackets."""
    monkeypatch.setattr("keras_infogan.serving.rest._SMALL_ANSWER", 0)
    shape = (4, 4, 1)
    pixels = np.full((16, *shape), -1.23456784e-05, np.float32)
    outputs = {
        "image": pixels,
        "valid": np.ones(16, bool),
        "fingerprint": np.array([b"0" * 16] * 16, object),
    }
    text = to_text(outputs, rest.served.signatures["sample"][1])
    assert text.startswith(
        '{\n    "predictions": [\n        {\n            "image": '
        "[[[-1.23456784e-05], [-1.23456784e-05], "
    )
    assert text.endswith(
        '],\n            "valid": true,\n            "fingerprint": '
        '"0000000000000000"\n        }\n    ]\n}'
    )
    assert len(text) < 16 * (16 * 32 + 3 * 64)
    with connected("http", rest) as client:
        client.metadata()
        rest.failures = [sends(200, text)]
        np.testing.assert_array_equal(client.sample(count=16), pixels)


def test_http_to_a_port_of_grpc(grpc_server):
    with connected("http", grpc_server) as client:
        with pytest.raises(
            ServingError, match="not answer as HTTP|closed the connection"
        ):
            client.status()


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("a b", "a%20b"),
        ("x?y#z", "x%3Fy%23z"),
        ("50%", "50%25"),
        ("\u00e4", "%C3%A4"),
    ],
)
def test_the_name_of_a_model_is_quoted(name, quoted, rest):
    """In the status, the metadata, and below a version and a prefix."""
    base = f"http://127.0.0.1:{rest.port}"
    for url, version, path in [
        (base, None, f"/v1/models/{quoted}"),
        (f"{base}/prefix/", 3, f"/prefix/v1/models/{quoted}/versions/3"),
    ]:
        rest.requests.clear()
        with PredictionClient(url, name, version=version, retries=0) as client:
            for request, suffix in (
                (client.status, ""),
                (client.metadata, "/metadata"),
            ):
                # The imitation serves another model.
                with pytest.raises(ServingError, match=r"HTTP 40[04]"):
                    request()
                assert rest.requests.pop()[1] == f"{path}{suffix}"


def test_an_untrusted_certificate(scheme, certificate):
    with IMITATIONS[scheme](certificate) as server:
        with connected(f"{scheme}s", server, retries=4) as client:
            _, error = failure_of(client.status)
    # A broken connection is not retried.
    assert error.kind == "broken"
    assert "a trusted certificate" in str(error)
    assert "ca_file" in str(error)
    assert not server.requests


def test_a_trusted_certificate(scheme, certificate):
    with IMITATIONS[scheme](certificate) as server:
        with connected(f"{scheme}s", server, ca_file=certificate[0]) as client:
            assert len(client.sample(count=2)) == 2


def test_https_to_a_port_of_http(rest):
    with connected("https", rest) as client:
        with pytest.raises(ServingError, match="expect http://"):
            client.status()

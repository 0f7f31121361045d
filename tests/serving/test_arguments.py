"""Arguments that the client refuses."""

import numpy as np
import pytest

from keras_infogan.serving import PredictionClient
from tests.helpers.serving_client import connected


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("127.0.0.1:8501", {}, "`url` should be like http://host:8501"),
        ("ftp://host", {}, "`url` should be like.*'ftp://host'"),
        ("http://", {}, "`url` should be like"),
        ("http://host:port", {}, "`url` should be a valid URL. Received"),
        ("http://name:word@host", {}, "`url` should be like"),
        ("http://host/v1?x=1", {}, "`url` should be like"),
        ("grpc://host/path", {}, "`url` should be like"),
        ("http://ho st", {}, "`url` should be like"),
        (
            "http://a..b",
            {},
            "`url` should be a valid URL. Received: .*label empty",
        ),
        (
            "grpc://" + "a" * 64,
            {},
            "`url` should be a valid URL. .*label .*too long",
        ),
        (
            "https://host",
            {"ca_file": "/nowhere.pem"},
            "`ca_file` should be .* '/nowhere.pem', No such file",
        ),
        ("grpcs://host", {"ca_file": __file__}, "`ca_file` should be .*PEM"),
        ("http://host", {"version": 1, "label": "a"}, "not both"),
        ("http://host", {"label": "a-b"}, "letters, digits and _.*'a-b'"),
        ("http://host", {"version": -1}, "`version` should be at least 0"),
        ("http://host", {"timeout": 0}, "greater than 0 seconds.*: 0 and 5"),
        ("http://host", {"timeout": np.nan}, "greater than 0 seconds"),
        ("http://host", {"retries": -1}, "`retries` should be at least 0"),
        ("http://host", {"max_batch_size": 0}, "at least 1. Received: 0"),
    ],
)
def test_invalid_arguments(url, options, message):
    with pytest.raises(ValueError, match=message):
        PredictionClient(url, "infogan", **options)


def test_invalid_names_of_models():
    with pytest.raises(ValueError, match="`model` should be a name"):
        PredictionClient("http://host", "a/b")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 4, 4, 1), int), "dtype=int64. Scale bytes"),
        (np.zeros((0, 4, 4, 1)), r"at least one of.*shape=\(0, 4, 4, 1\)"),
        (np.full((1, 4, 4, 1), np.nan), r"in \[-1, 1\]. Received: NaN"),
        (
            np.full((1, 4, 4, 1), 2.0),
            r"in \[-1, 1\]. Received: values from 2 to 2",
        ),
        (np.full((1, 5, 5, 1), -1.0), r"shape \(1, 4, 4, 1\).*\(1, 5, 5, 1\)"),
        (np.zeros((4, 4, 1)), r"\(num_images, height.*shape=\(4, 4, 1\)"),
    ],
)
def test_invalid_images(images, message, rest):
    with connected("http", rest) as client:
        with pytest.raises(ValueError, match=message):
            client.encode(images)
    assert all(method == "GET" for method, _, _ in rest.requests)

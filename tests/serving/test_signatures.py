"""Inputs and outputs that do not match the signature."""

import json

import numpy as np
import pytest

from keras_infogan.serving import ServingError
from tests.helpers.imitated_rest import sends
from tests.helpers.serving_client import connected


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"seed": [1]}, "should be seed, category, continuous. Received: seed"),
        (
            {"seed": [1], "category": [1, 2], "continuous": [[0, 0]]},
            r"same number of rows, at least one. Received: 1, 2",
        ),
        (
            {"seed": [1], "category": [[1, 2]], "continuous": [[0, 0]]},
            r"'category' should be integers of shape \(1,\).*shape=\(1, 2\)",
        ),
        (
            {"seed": [1.0], "category": [1], "continuous": [[0, 0]]},
            "'seed' should be integers.*dtype=float64",
        ),
        (
            {"seed": [1], "category": [2**40], "continuous": [[0, 0]]},
            "'category' should be integers of int32",
        ),
        (
            {"seed": [1], "category": [1], "continuous": [[0, np.nan]]},
            "'continuous' should be finite",
        ),
    ],
)
def test_invalid_inputs(inputs, message, rest):
    with connected("http", rest) as client:
        with pytest.raises(ValueError, match=message):
            client.predict("sample", inputs)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["text"], "'image_bytes' should be a list of `bytes`.*of str"),
        ([[b"a"]], r"'image_bytes' should be a list .*shape=\(1, 1\) of bytes"),
        ([], "same number of rows, at least one. Received: 0"),
    ],
)
def test_invalid_files(files, message, rest):
    with connected("http", rest) as client:
        with pytest.raises(ValueError, match=message):
            client.predict("encode_image", {"image_bytes": files})


def image_of(value):
    return np.full((4, 4, 1), value).tolist()


ROW = {"image": image_of(0.0), "valid": True, "fingerprint": "0"}


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (1, "`predictions`, a list. Received: {'predictions': 1}"),
        ([1], "rows of image, valid, fingerprint"),
        ([{"image": 0, "valid": True}], "rows of .*. Received: 'fingerprint'"),
        ([{**ROW, "image": 0}], r"'image' of shape \(1, 4, 4, 1\)"),
        ([{**ROW, "image": [[0], [0, 1]]}], "'image' of float32 values"),
        ([ROW, ROW], r"'image' of shape \(1, 4, 4, 1\).*\(2, 4, 4, 1\)"),
        ([{**ROW, "image": image_of(np.nan)}], "finite 'image'"),
        ([{**ROW, "image": image_of(1e39)}], "finite 'image'"),
        ([{**ROW, "image": image_of("x")}], "of float32 values"),
        (
            [{**ROW, "valid": 1}],
            "'valid' of bool values. Received: dtype=int64",
        ),
    ],
)
def test_wrong_outputs(predictions, message, rest):
    content = json.dumps({"predictions": predictions})
    with connected("http", rest) as client:
        client.metadata()
        rest.failures = [sends(200, content)]
        with pytest.raises(ServingError, match=message):
            client.sample()


def test_a_row_that_is_longer_than_a_message(rest):
    with connected("http", rest, max_message_bytes=1000) as client:
        with pytest.raises(ValueError, match="enough for one row.*65609.*1000"):
            client.sample()

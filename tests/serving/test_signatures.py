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


VALID = {"valid": [True]}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (None, "`outputs`. Received: {'predictions': 1}"),
        ([1], "outputs by name"),
        ({"image": [0], **VALID}, r"'image' of shape \(1, 4, 4, 1\)"),
        ({"image": [[0], [0, 1]]}, "'image' of float32 values"),
        (
            {"image": np.full((1, 4, 4, 1), np.nan).tolist(), **VALID},
            "finite 'image'",
        ),
        (
            {"image": np.full((1, 4, 4, 1), 1e39).tolist(), **VALID},
            "finite 'image'",
        ),
        ({"image": np.full((1, 4, 4, 1), "x").tolist()}, "of float32 values"),
        ({"image": np.zeros((1, 4, 4, 1)).tolist()}, "'valid' of bool values"),
        (
            {"image": np.zeros((1, 4, 4, 1)).tolist(), "valid": [1]},
            "'valid' of bool values. Received: dtype=int64",
        ),
    ],
)
def test_wrong_outputs(outputs, message, rest):
    content = {"predictions": 1} if outputs is None else {"outputs": outputs}
    with connected("http", rest) as client:
        client.metadata()
        rest.failures = [sends(200, json.dumps(content))]
        with pytest.raises(ServingError, match=message):
            client.sample()


def test_a_row_that_is_longer_than_a_message(rest):
    with connected("http", rest, max_message_bytes=1000) as client:
        with pytest.raises(ValueError, match="enough for one row.*65601.*1000"):
            client.sample()

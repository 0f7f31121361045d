"""Codes chosen by name, by class and by attribute."""

import json
from dataclasses import replace

import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.serving import PredictionClient
from keras_infogan.serving import ServingError
from tests.helpers.imitated_model import CODE_MAP
from tests.helpers.imitated_model import expected_images
from tests.helpers.serving_client import connected


@pytest.mark.parametrize(
    ("choices", "category", "continuous"),
    [
        ({"digit": 7}, 4, [0, 0]),
        ({"digit": 3}, 9, [0, 0]),
        ({"category": "7"}, 4, [0, 0]),
        ({"category": ["7", "7"]}, 4, [0, 0]),
        ({"category": 7}, 7, [0, 0]),
        ({"category": 0, "slant": 0.5}, 0, [0, -0.5]),
        ({"digit": 7, "slant": 1, "thickness": -1}, 4, [-1, -1]),
        ({"digit": 7, "slant": [1, 0.5]}, 4, [[0, -1], [0, -0.5]]),
    ],
)
def test_choices_by_the_code_map(choices, category, continuous, rest):
    with connected(
        "http", rest, code_map=CodeMap.from_json(CODE_MAP)
    ) as client:
        images = client.sample(count=2, **choices)
    expected = expected_images(np.arange(2), category, continuous)
    np.testing.assert_array_equal(images, expected)
    assert code_maps_asked(rest) == 0


def code_maps_asked(server):
    """How many of the requests were for the code map."""
    return sum(
        b'"code_map"' in request[2]
        if isinstance(request, tuple)
        else request.model_spec.signature_name == "code_map"
        if hasattr(request, "inputs")
        else False
        for request in server.requests
    )


def test_the_code_map_of_the_model(scheme, server):
    """The client asks for it when needed, once for each version."""
    with connected(scheme, server) as client:
        client.sample(category=3, continuous=[0, 0.5])
        assert code_maps_asked(server) == 0
        by_attribute = client.sample(count=2, category=0, slant=0.5)
        by_name = client.sample(count=2, digit="7")
        np.testing.assert_array_equal(
            by_name, client.sample(count=2, category="7")
        )
        assert code_maps_asked(server) == 1
        server.served = replace(server.served, version=4)
        client.sample(digit="7")
        assert code_maps_asked(server) == 2
    seeds = np.arange(2)
    np.testing.assert_array_equal(
        by_attribute, expected_images(seeds, 0, [0, -0.5])
    )
    np.testing.assert_array_equal(by_name, expected_images(seeds, 4, [0, 0]))


@pytest.mark.parametrize("content", [[1], {"codes": 1}, "text"])
def test_an_invalid_code_map_of_the_model(content, scheme, server):
    server.served = replace(server.served, code_map=content)
    with connected(scheme, server) as client:
        with pytest.raises(ServingError, match="a code map, as JSON"):
            client.sample(digit="7")


def test_the_code_map_of_a_file(rest, tmp_path):
    path = tmp_path / "code_map.json"
    path.write_text(json.dumps(CODE_MAP))
    with connected("http", rest, code_map=path) as client:
        assert client.sample(digit=7)[0, 0, 1, 0] == np.float32(0.4)
        assert client.find_code_map() == CodeMap.from_json(CODE_MAP)
    assert code_maps_asked(rest) == 0


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"count": 0}, "`count` should be an integer of at least 1.*: 0"),
        ({"count": True}, "`count` should be an integer"),
        ({"seed": -1}, "`seed` should be an integer from 0"),
        ({"seed": 2**63 - 1}, r"`seed` should .* to 2\^63 - 1"),
        ({"seed": 0.5}, "`seed` should be an integer.* 0.5"),
        ({"seed": [1, 2]}, r"or 3 of them. Received: \[1, 2\]"),
        ({"category": 10}, "'category' should be from 0 to 9.*: 10 to 10"),
        ({"category": -1}, "'category' should be from 0 to 9.*: -1 to -1"),
        ({"category": 2**40}, "'category' should be integers of int32"),
        ({"category": 1.0}, r"'category' should be integers .* \(3,\).*: 1.0"),
        ({"category": [1, 2]}, r"'category' should be .* \(3,\)"),
        (
            {"digit": 8},
            "No category of this model stands for '8'. Known classes: 3, 7",
        ),
        ({"continuous": np.nan}, "'continuous' should be finite numbers"),
        ({"continuous": [0, np.inf]}, "'continuous' should be finite"),
        ({"continuous": 1e39}, "'continuous' should be finite numbers of fl"),
        ({"continuous": [0, 0, 0]}, r"finite numbers of shape \(3, 2\)"),
        ({"continuous": "x"}, "'continuous' should be finite.*: x"),
        (
            {"width": 1},
            "Received: width=1.* Known attributes: thickness, slant",
        ),
        ({"digit": 7, "category": 1}, "'category' a second time"),
        ({"slant": 0, "continuous": 0}, "'continuous' a second time"),
    ],
)
def test_invalid_choices(choices, message, rest):
    """The client refuses them in one line, and only asks for the metadata."""
    with connected(
        "http", rest, code_map=CodeMap.from_json(CODE_MAP)
    ) as client:
        with pytest.raises(ValueError, match=message) as caught:
            client.sample(**{"count": 3, **choices})
    assert "\n" not in str(caught.value)
    # These are invalid whatever the metadata.
    alone = {*choices} <= {"count", "seed"}
    assert [path for _, path, _ in rest.requests] == (
        [] if alone else ["/v1/models/infogan/metadata"]
    )


@pytest.mark.parametrize("is_empty", [True, False])
@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"digit": 7}, "No category of this model stands for '7'"),
        (
            {"category": "7"},
            "No category of category stands for '7'. None has a name: choose",
        ),
        ({"slant": 0.5}, "category, continuous.*Known attributes: none"),
    ],
)
def test_names_need_a_code_map(choice, message, is_empty, rest):
    """A model may have been exported without one, or without the signature."""
    rest.served = replace(rest.served, code_map=None)
    if not is_empty:
        del rest.served.signatures["code_map"]
    with connected("http", rest) as client:
        with pytest.raises(ValueError, match=message):
            client.sample(**choice)


@pytest.mark.parametrize(
    ("code_map", "message"),
    [
        ("{", "should be a code map, as `keras-infogan evaluate` writes"),
        ("[]", "A code map should be an object"),
        ('{"codes": {"category": {}}}', "either `categories` or `dimensions`"),
    ],
)
def test_invalid_files_of_code_maps(code_map, message, tmp_path):
    path = tmp_path / "code_map.json"
    path.write_text(code_map)
    with pytest.raises(ValueError, match=message):
        PredictionClient("http://127.0.0.1", "infogan", code_map=path)


@pytest.mark.parametrize(
    "code",
    [{"category": {"categories": [{}] * 9}}, {"other": {"dimensions": [{}]}}],
)
def test_the_code_map_of_another_model(code, rest):
    with connected(
        "http", rest, code_map=CodeMap.from_json({"codes": code})
    ) as client:
        with pytest.raises(
            ValueError, match="code map should belong to the served model"
        ):
            client.sample()

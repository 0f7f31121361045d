"""Another version takes over while a client lives."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.serving import ServingError
from tests.helpers.imitated_model import CODE_MAP
from tests.helpers.imitated_model import Served
from tests.helpers.imitated_model import expected_images
from tests.helpers.imitated_model import make_signatures
from tests.helpers.serving_client import connected


def make_promoted(**changes):
    """Version 4, of which category 2 is the seven, and 5 the eight."""
    code_map: Any = deepcopy(CODE_MAP)
    categories = code_map["codes"]["category"]["categories"]
    for number, category in enumerate(categories):
        category["name"] = {2: "7", 5: "8"}.get(number)
    return Served(version=4, code_map=code_map, **changes)


class PromotesAt(list[Any]):
    """The requests of a server that changes before some of its answers."""

    def __init__(self, server, *numbers):
        super().__init__()
        self._server = server
        self._numbers = numbers

    def append(self, item):
        super().append(item)
        if len(self) in self._numbers:
            promoted = make_promoted()
            is_old = self._server.served.version == 3
            self._server.served = promoted if is_old else Served()


def categories_in(images):
    return np.rint(10 * images[:, 0, 1, 0]).astype(int).tolist()


def test_a_class_after_a_promotion(scheme, server):
    """Its category is another one; a cached code map would be wrong."""
    with connected(scheme, server) as client:
        assert categories_in(client.sample(count=2, digit=7)) == [4, 4]
        server.served = make_promoted()
        assert categories_in(client.sample(count=2, digit=7)) == [2, 2]
        # Unknown to the code map that the client had.
        server.served = Served()
        assert categories_in(client.sample(digit=3)) == [9]
        server.served = make_promoted()
        assert categories_in(client.sample(digit=8)) == [5]
        with pytest.raises(ValueError, match="No category .* stands for '3'"):
            client.sample(digit=3)


@pytest.mark.parametrize("number", range(2, 6))
def test_no_batch_is_of_two_versions(number, scheme, server):
    """Requests: metadata, code map, and three parts; any may be the first."""
    server.requests = PromotesAt(server, number)
    with connected(scheme, server) as client:
        images = client.sample(count=300, digit=7)
    np.testing.assert_array_equal(
        images, expected_images(np.arange(300), 2, [0, 0])
    )


def test_versions_that_take_turns(scheme, server):
    """As replicas do that disagree: an error at the timeout, no mixture."""
    server.requests = PromotesAt(server, *range(10_000))
    with connected(scheme, server, timeout=0.5) as client:
        with pytest.raises(ServingError, match="one version|within 0.5 s"):
            client.sample(count=300, digit=7)


@pytest.mark.parametrize("choices", [{}, {"digit": 7}])
def test_other_signatures_after_a_promotion(choices, scheme, server):
    """Here, of larger images, which the known signature does not allow."""
    with connected(scheme, server) as client:
        client.sample(count=2, **choices)
        server.served = make_promoted(signatures=make_signatures((8, 8, 3)))
        assert client.sample(count=2, **choices).shape == (2, 8, 8, 3)
        assert client.metadata().version == 4


def test_a_signature_that_is_new(scheme, server):
    old = make_signatures()
    del old["encode_image"]
    server.served = Served(signatures=old)
    with connected(scheme, server) as client:
        with pytest.raises(ServingError, match="a signature 'encode_image'"):
            client.encode([b"\x89PNG"])
        server.served = make_promoted()
        assert len(client.encode([b"\x89PNG"])["continuous_mean"]) == 1


def test_a_given_code_map_after_a_promotion(scheme, server):
    """It belongs to the first version; what needs no names goes on."""
    code_map = CodeMap.from_json(CODE_MAP)
    with connected(scheme, server, code_map=code_map) as client:
        client.sample(digit=7)
        server.served = make_promoted()
        with pytest.raises(
            ServingError, match="one of version 3, and version 4 answers"
        ):
            client.sample(digit=7)
        assert categories_in(client.sample(category=3)) == [3]


def test_older_exports(scheme, server, monkeypatch):
    """They have no fingerprint, so by REST the client asks after 10 s."""
    older = make_signatures(fingerprint={})
    server.served = Served(signatures=older)
    with connected(scheme, server) as client:
        assert categories_in(client.sample(digit=7)) == [4]
        server.served = make_promoted(signatures=older)
        monkeypatch.setattr("keras_infogan.serving.session._TRUSTED_SECONDS", 0)
        assert categories_in(client.sample(digit=7)) == [2]


def test_the_same_version_is_not_asked_again(scheme, server):
    with connected(scheme, server) as client:
        client.sample(digit=7)
        server.requests.clear()
        for _ in range(3):
            client.sample(digit=7)
        assert len(server.requests) == 3
        # Arguments that do not fit may be for a new version.
        with pytest.raises(ValueError, match="'8'"):
            client.sample(digit=8)
        server.served = replace(server.served, version=4)
        client.sample(digit=7)

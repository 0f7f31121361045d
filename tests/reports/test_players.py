"""Sliders over traversals: their frames, labels and order."""

import base64
import io
import re

import numpy as np
from PIL import Image

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.reports.images import to_bytes
from keras_infogan.reports.players import NUM_FRAMES
from keras_infogan.reports.players import draw_players
from keras_infogan.reports.traversals import draw_traversal
from tests.helpers.code_maps import categories
from tests.helpers.code_maps import dimensions
from tests.helpers.models import tiny_model

CODE_MAP = CodeMap(
    {
        "category": categories(
            CategoryMeaning("7"), CategoryMeaning(), CategoryMeaning("1")
        ),
        "continuous": dimensions(
            DimensionMeaning("slant", -1), DimensionMeaning()
        ),
    }
)


def images_of(player: str) -> list[np.ndarray]:
    return [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        for data in re.findall('base64,([^"]*)', player)
    ]


def test_a_player_holds_the_frames_of_each_row():
    """In a column, at first at its middle; rows in the order of the classes."""
    model = tiny_model()
    report = {"code_map": CODE_MAP, "class_names": ["1", "7"]}
    players = draw_players(model, report, seed=4)
    assert list(players) == ["continuous_0", "continuous_1"]
    slant = players["continuous_0"]
    labels = re.findall('aria-label="(.*?)"', slant)
    assert labels == ["1", "7", "category 1", "continuous:0"]
    traversal = draw_traversal(
        model,
        "continuous",
        0,
        num_columns=NUM_FRAMES,
        code_map=CODE_MAP,
        class_names=["1", "7"],
        seed=4,
    )
    for shown, images in zip(images_of(slant), traversal.images, strict=True):
        expected = to_bytes(images).reshape(NUM_FRAMES * 8, 8)
        np.testing.assert_array_equal(shown, expected)
    assert slant.count(f'y="-{NUM_FRAMES // 2 * 8}"') == 3
    values = re.findall('data-values="(.*?)"', slant)[0].split()
    assert (values[0], values[10], values[-1]) == ("-1.0", "+0.0", "+1.0")
    # The code slants to the left as it rises.
    assert "<span>slanted right</span><input" in slant
    assert "<span>slanted left</span><output" in slant
    assert "<span>low</span><input" in players["continuous_1"]

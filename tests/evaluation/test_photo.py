"""Which way up a photograph is read, by views that the test answers for."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_infogan.data.photo import Drawing
from keras_infogan.evaluation import photo
from keras_infogan.evaluation.photo import read_drawings


def drawing(mark: int) -> Drawing:
    """Black but for a bright row at its top and a pixel that tells its mark."""
    image = np.full((8, 8, 1), -1.0, np.float32)
    image[0] = 1.0
    image[3, mark] = 1.0
    return Drawing(image, (mark, 0, mark + 1, 1))


def model(categories: tuple[int, int]) -> Any:
    """Assigns upright and turned drawings to these categories."""

    def encode(images: np.ndarray) -> dict[str, np.ndarray]:
        turned = (images[:, 0, :, 0] < 0.0).any(axis=1).astype(int)
        return {"kind_probabilities": np.eye(3)[np.take(categories, turned)]}

    spec = SimpleNamespace(categorical_names=["kind"])
    return SimpleNamespace(latent_spec=spec, encode=encode)


def answer(monkeypatch, upright, turned):
    """What views say of drawings that are upright, and of the same turned."""

    def average(model, images, augmentation):
        is_turned = (images[0, 0, :, 0] < 0.0).any()
        shares = np.array(turned[::-1] if is_turned else upright)
        share = np.stack([shares, 1.0 - shares, 0.0 * shares], axis=1)
        return {"kind": share}

    monkeypatch.setattr(photo, "average_probabilities", average)


@pytest.mark.parametrize(
    ("upright", "turned", "was_turned", "is_clear"),
    [
        ([0.9], [0.9], False, False),
        # log((1 - .6) / (1 - .99)) is 3.6, log(.1 / .01) only 2.2.
        ([0.6], [0.99], True, True),
        ([0.9], [0.99], False, False),
        # The evidence of two adds up, to 4.4.
        ([0.9, 0.9], [0.99, 0.99], True, True),
        ([0.99, 0.99], [0.9, 0.9], False, True),
    ],
    ids=["either", "turned", "unclear", "together", "upright"],
)
def test_evidence(upright, turned, was_turned, is_clear, monkeypatch):
    answer(monkeypatch, upright, turned)
    page = [drawing(mark) for mark in range(1, 1 + len(upright))]
    read = read_drawings(model((0, 1)), page)
    expected = page
    if was_turned:
        expected = [Drawing(x.image[::-1, ::-1], x.box) for x in reversed(page)]
    assert [x.drawing.box for x in read] == [x.box for x in expected]
    for found, wanted in zip(read, expected, strict=True):
        np.testing.assert_array_equal(found.drawing.image, wanted.image)
        assert found.was_turned == was_turned
        assert (found.opposite is None) == is_clear
        if not is_clear:
            np.testing.assert_array_equal(
                found.opposite, found.drawing.image[::-1, ::-1]
            )
    # Of the category that the drawing itself has: 0 upright, 1 turned.
    shares = [1.0 - x for x in turned[::-1]] if was_turned else upright
    assert [x.agreement for x in read] == pytest.approx(shares)


def test_an_opposite_of_the_same_category_is_left_out(monkeypatch):
    """An eight is an eight."""
    answer(monkeypatch, [0.9], [0.9])
    (read,) = read_drawings(model((0, 0)), [drawing(1)])
    assert read.opposite is None


def test_a_model_without_categories():
    """Nothing says which way up its drawings are."""
    spec = SimpleNamespace(categorical_names=[])
    page = [drawing(1), drawing(2)]
    found = read_drawings(SimpleNamespace(latent_spec=spec), page)  # type: ignore[arg-type]
    assert [x.drawing for x in found] == page
    assert not any(x.was_turned or x.opposite for x in found)

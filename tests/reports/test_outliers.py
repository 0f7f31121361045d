"""Warnings about images that are unlike those of a model."""

import numpy as np
import pytest

from keras_infogan.data.photo import Drawing
from keras_infogan.evaluation.outliers import find_ranges
from keras_infogan.evaluation.photo import Reading
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.reports.outliers import describe_outlier
from keras_infogan.reports.outliers import describe_reading
from keras_infogan.reports.outliers import describe_unlikely_codes


def bar(width: int) -> np.ndarray:
    """A white bar on black, 20 pixels high, in the middle."""
    image = np.full((28, 28, 1), -1.0, np.float32)
    image[4:24, 14 - width // 2 : 14 + width // 2] = 1.0
    return image


@pytest.fixture(scope="module")
def ranges():
    return find_ranges(np.stack([bar(2), bar(4)]))


def test_nothing_is_said_of_what_is_alike(ranges):
    assert describe_outlier(bar(2), ranges) == []


def test_what_deviates_is_named_with_its_range(ranges):
    """0.98 of the width of a rectangle: 13.72, where others have at most 4."""
    (sentence,) = describe_outlier(bar(14), ranges)
    assert "width 13.72 pixels (1.96 to 3.92)" in sentence
    assert sentence.startswith("is unlike the images that this model generates")
    assert "--" not in sentence


def test_paper_needs_the_option(ranges):
    (sentence,) = describe_outlier(-bar(4), ranges)
    assert sentence.endswith("If it is ink on paper, use --invert.")
    (sentence,) = describe_outlier(-bar(4), ranges, inverted=True)
    assert sentence.endswith("If it is white on black, omit --invert.")


def test_photographs_need_another(ranges):
    """Gray paper, whose negative is no image of the model either."""
    gray = 0.4 * -bar(4)
    for image, inverted, advice in (
        (gray, False, "use --photo: it finds"),
        (-gray, True, "use --photo instead of --invert: it finds"),
    ):
        (sentence,) = describe_outlier(image, ranges, inverted=inverted)
        assert advice in sentence
    (sentence,) = describe_outlier(gray, ranges, from_photo=True)
    assert "--" not in sentence
    in_color = np.repeat(gray, 3, axis=-1)
    (sentence,) = describe_outlier(in_color, ranges)
    assert "--" not in sentence


def test_what_is_uncertain_about_a_drawing():
    drawing = Drawing(bar(2), (0, 0, 9, 9))
    assert describe_reading(Reading(drawing, 0.9)) == []
    turned, unsure = describe_reading(Reading(drawing, 0.89, was_turned=True))
    assert turned.startswith("was read upside down")
    assert "with a probability of 89%." in unsure


@pytest.mark.parametrize("color", [(-1.0,), (1.0,), (1.0, -1.0, -1.0)])
def test_one_color(color, ranges):
    empty = np.full((28, 28, len(color)), color, np.float32)
    (sentence,) = describe_outlier(empty, ranges)
    assert sentence.startswith("is a single color")


def test_a_code_far_outside_of_its_prior():
    """More than three deviations of the posterior beyond 1, on either side."""
    spec = LatentSpec(1, {"a": Categorical(2), "u": Uniform(2)})
    certain = {"category": 0, "probability": 1.0, "probabilities": [1.0, 0.0]}
    for means, count in (
        ([0.0, 1.29], 0),
        ([0.0, -1.29], 0),
        ([0.0, 1.31], 1),
        ([-1.31, 0.0], 1),
    ):
        posterior = {"a": certain, "u": {"mean": means, "stddev": [0.1, 0.1]}}
        sentences = describe_unlikely_codes(spec, posterior)
        assert len(sentences) == count
        for sentence in sentences:
            assert sentence.startswith("has a posterior of 'u' far outside")

"""Metrics of disentanglement, on codes whose scores are derived by hand.

All images of two factors `a` and `b` of four values each, once; of `PAIRS`, of
two values. `perfect` codes are the factors; `useless` ones are constant;
`entangled` ones are complete, `4 a + b` and a constant: one code has each
factor, and both. `rotated` codes of `PAIRS` are `a + b` and `a - b`.
"""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from keras_infogan.evaluation.disentanglement import METRICS
from keras_infogan.evaluation.disentanglement import disentanglement_scores
from keras_infogan.evaluation.disentanglement import encode_in_chunks
from keras_infogan.evaluation.disentanglement.dci import concentration
from keras_infogan.evaluation.disentanglement.modularity import modularity
from keras_infogan.evaluation.disentanglement.samples import FactoredCodes
from keras_infogan.evaluation.disentanglement.samples import discretize

GRID = np.array(list(itertools.product(range(4), range(4))))
PAIRS = np.array(list(itertools.product(range(2), range(2))))
A, B = GRID.T
PERFECT = GRID.astype(float)
USELESS = np.zeros((16, 2))
ENTANGLED = np.stack([4 * A + B, 0 * A], axis=1).astype(float)
ROTATED = PAIRS @ np.array([[1.0, 1.0], [1.0, -1.0]])
# Points of the two scores that always draw: the share of a coin's side is then
# 0.5 to 0.047, three standard deviations.
FEW: dict[str, Any] = {"num_train": 1000, "num_test": 1000}
# Each image once.
ALL: dict[str, dict[str, Any]] = {
    "factor_vae": {**FEW, "num_variance": None},
    "beta_vae": FEW,
    "mig": {"num_samples": None},
    "dci": {"num_train": None, "num_test": None},
    "sap": {"num_train": None, "num_test": None, "continuous_factors": True},
    "modularity": {"num_train": None, "num_test": None},
    "irs": {"num_samples": None, "quantile": 1.0},
}


def scores(codes, factors, name, **options):
    """The numbers of one metric."""
    found = disentanglement_scores(
        codes,
        factors,
        metrics=[name],
        options={name: {**ALL[name], **options}},
    )
    return {key: found[key] for key in METRICS[name].titles}


@pytest.mark.parametrize("name", METRICS)
def test_factors_as_codes_are_perfect(name):
    """All scores are 1: each code has one factor, each factor one code."""
    for value in scores(PERFECT, GRID, name).values():
        assert value == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("factor_vae", [0.0]),  # no code varies
        ("beta_vae", [0.5]),  # a constant answer
        ("mig", [0.0]),
        ("dci", [0.0, 0.0, 0.25]),  # one value of four
        ("sap", [0.0]),
        ("modularity", [0.0, 0.5]),  # the area under the diagonal
        ("irs", [0.0]),
    ],
)
def test_constants_are_useless(name, expected):
    found = scores(USELESS, GRID, name)
    assert [*found.values()] == pytest.approx(expected, abs=0.047)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The only code that varies has all votes.
        ("factor_vae", {"factor_vae_score": pytest.approx(0.5, abs=0.047)}),
        # The code has log 4 nats of each factor, the constant none.
        ("mig", {"mutual_information_gap": pytest.approx(1.0)}),
        # Its importance for both factors is 1: an entropy of one bit of one.
        (
            "dci",
            {
                "disentanglement": pytest.approx(0.0, abs=1e-6),
                "completeness": pytest.approx(1.0),
            },
        ),
        # Of the variance 16 v + v of the code, 16 v are due to a, and v to b.
        ("sap", {"sap_score": pytest.approx((16 / 17 + 1 / 17) / 2)}),
        ("modularity", {"modularity": pytest.approx(0.0, abs=1e-9)}),
        # At most 7.5 from its mean, and 1.5 if a is given; the constant has no
        # weight.
        ("irs", {"interventional_robustness": pytest.approx(1 - 1.5 / 7.5)}),
    ],
    ids=["factor_vae", "mig", "dci", "sap", "modularity", "irs"],
)
def test_complete_but_entangled(name, expected):
    found = scores(ENTANGLED, GRID, name)
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Both codes have the same mean difference, whichever factor is fixed.
        ("beta_vae", {"beta_vae_score": pytest.approx(0.5, abs=0.047)}),
        # Each code has log(2) / 2 nats of each factor.
        ("mig", {"mutual_information_gap": pytest.approx(0.0, abs=1e-9)}),
        # All squared correlations are 1/2.
        ("sap", {"sap_score": pytest.approx(0.0, abs=1e-9)}),
        # It can be turned back, so nothing is lost.
        (
            "modularity",
            {
                "modularity": pytest.approx(0.0, abs=1e-9),
                "explicitness": pytest.approx(1.0),
            },
        ),
        # At most 1 from its mean, and 1/2 if a factor is given.
        ("irs", {"interventional_robustness": pytest.approx(0.5)}),
    ],
    ids=["beta_vae", "mig", "sap", "modularity", "irs"],
)
def test_rotated(name, expected):
    found = scores(ROTATED, PAIRS, name)
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("name", METRICS)
def test_order_and_sign_of_codes_do_not_matter(name):
    """Of the trees, up to ties between splits; of all else, to rounding."""
    random = np.random.default_rng(0)
    codes = np.stack([A, B, A + B], axis=1) + random.normal(size=(16, 3))
    changed = codes[:, [2, 0, 1]] * np.array([1.0, -1.0, -1.0])
    one, other = (scores(x, GRID, name) for x in (codes, changed))
    tolerance = 0.1 if name == "dci" else 1e-4
    assert [*one.values()] == pytest.approx([*other.values()], abs=tolerance)


@pytest.mark.parametrize("name", ["factor_vae", "mig", "sap", "modularity"])
def test_scale_of_codes_does_not_matter(name):
    codes = PERFECT + np.random.default_rng(0).normal(size=(16, 2))
    one, other = (scores(x, GRID, name) for x in (codes, codes * [3.0, 7.0]))
    assert [*one.values()] == pytest.approx([*other.values()], abs=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_draws_depend_on_the_seed_alone(name):
    codes = PERFECT + np.random.default_rng(0).normal(0, 9, (16, 2))
    few = dict.fromkeys(
        set(ALL[name]) & {"num_train", "num_test", "num_samples"}, 60
    )
    one, same, other = (
        disentanglement_scores(
            codes, GRID, metrics=[name], options={name: few}, seed=seed
        )
        for seed in (1, 1, 2)
    )
    assert one == same != other


def test_support_vector_machines():
    """Two classes by one code that is the class, and one that is not.

    Accuracies are 1 and, on balanced classes, at most 3/4 of the four images.
    """
    found = scores(PAIRS.astype(float), PAIRS, "sap", continuous_factors=False)
    assert 0.25 <= found["sap_score"] <= 1.0
    matrix = disentanglement_scores(
        np.repeat(PAIRS, 100, axis=0).astype(float),
        np.repeat(PAIRS, 100, axis=0),
        metrics=["sap"],
        options={"sap": {"num_train": None, "num_test": None}},
    )["sap_matrix"]
    # A code without information gets one of two classes right.
    np.testing.assert_allclose(matrix, [[1.0, 0.5], [0.5, 1.0]])


def test_information_gap_of_a_noisy_code():
    """A binary channel with errors in one of eight: `log 2 - H(1/8)` nats.

    The second code is the other factor. Relative to `log 2`, the gaps are the
    capacity of the channel and 1.
    """
    factors = np.repeat(PAIRS, 8, axis=0)
    first = np.where(np.arange(32) % 8 == 0, 1 - factors[:, 0], factors[:, 0])
    codes = np.stack([first, factors[:, 1]], axis=1)
    found = disentanglement_scores(
        codes, factors, metrics=["mig"], options={"mig": ALL["mig"]}
    )
    entropy = -(math.log(1 / 8) / 8 + 7 / 8 * math.log(7 / 8)) / math.log(2)
    gaps = found["mutual_information_gaps"]
    assert gaps == pytest.approx([1.0 - entropy, 1.0])


def test_concentration():
    """A code of one factor, and one of two of three equally, twice as heavy.

    Its entropy is `log 2 / log 3`, so `(1 + 2 (1 - log 2 / log 3)) / 3`.
    """
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    expected = 1.0 - 2 / 3 * math.log(2) / math.log(3)
    assert concentration(matrix) == pytest.approx(expected)
    assert concentration(np.zeros((2, 3))) == 0.0
    assert concentration(np.ones((2, 1))) == 1.0


def test_modularity_by_its_formula():
    """`1 - (1 + 4) / (9 * 2)` for nats of 1, 2 and 3; 0 for none."""
    information = np.array([[1.0, 3.0, 2.0], [0.0, 0.0, 0.0]])
    assert modularity(information) == pytest.approx((1 - 5 / 18 + 0) / 2)


def test_bins_have_equal_widths():
    column = np.array([[0.0], [0.9], [1.1], [2.0]])
    assert discretize(column, 2).ravel().tolist() == [1, 1, 2, 2]


def test_rounding_is_no_information():
    """Answers that differ in their last bits are one bin; larger ones are not.

    A float32 rounds by 6e-8 of its size.
    """
    noise = np.array([[1.0, 1.0 + 1.2e-7, 1.0 - 1.2e-7, 1.0]]).T
    assert discretize(0.3 * noise, 2).ravel().tolist() == [1, 1, 1, 1]
    assert discretize(0.0 * noise, 2).ravel().tolist() == [1, 1, 1, 1]
    wide = 0.3 + 1e4 * (noise - 1.0)
    assert discretize(wide, 2).ravel().tolist() == [2, 2, 1, 2]


def test_images_alike_share_the_fixed_factor():
    samples = FactoredCodes(PERFECT, GRID)
    rows = samples.draw_rows(200, 16)
    fixed = samples.draw_factors(200)
    others = samples.draw_alike(rows, fixed)
    for point in range(200):
        same, free = fixed[point], 1 - fixed[point]
        values = GRID[others[point]]
        assert (values[:, same] == GRID[rows[point], same]).all()
        # All four values among 16 draws, but for once in 25.
        assert len(set(values[:, free])) > 1


def test_any_numbers_are_factors():
    """Their order matters to none but the bins of IRS."""
    found = [
        scores(PERFECT, factors, "mig")["mutual_information_gap"]
        for factors in (GRID, GRID / 3.0 - 5.0, GRID == 2)
    ]
    assert found[:2] == pytest.approx([1.0, 1.0])
    assert found[2] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (PERFECT[:3], GRID, "Received: .3, 2. and .16, 2."),
        (PERFECT, GRID[:, :1], "two factors"),
        (PERFECT, GRID * [1, 0], "only 0 for factor 1. Leave it out"),
        (PERFECT * np.nan, GRID, "finite. Received: NaN"),
        (PERFECT, GRID.astype(str), "number texts first"),
    ],
)
def test_wrong_arrays_are_refused(codes, factors, message):
    with pytest.raises(ValueError, match=message):
        disentanglement_scores(codes, factors)


def test_unknown_metrics_are_refused():
    with pytest.raises(ValueError, match="one of factor_vae, beta_vae, mig"):
        disentanglement_scores(PERFECT, GRID, metrics=["fid"])


def test_any_encoder():
    """In parts, whose results are put together."""
    sizes = []

    def encode(images):
        sizes.append(len(images))
        return images.reshape(len(images), -1)

    images = np.arange(12_000.0).reshape(12_000, 1, 1, 1)
    codes = encode_in_chunks(encode, images)
    assert sizes == [10_000, 2_000]
    assert (codes[:, 0] == np.arange(12_000)).all()

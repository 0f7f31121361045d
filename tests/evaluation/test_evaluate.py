"""The report of models whose answers are known beforehand."""

import math

import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.evaluate import evaluate
from keras_infogan.evaluation.report import read_report
from keras_infogan.evaluation.report import write_report
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.reports.text import describe_report
from tests.helpers.painter import NUM_CLASSES
from tests.helpers.painter import SURE
from tests.helpers.painter import TEST
from tests.helpers.painter import TEST_LABELS
from tests.helpers.painter import TRAIN
from tests.helpers.painter import data_of
from tests.helpers.painter import painter
from tests.helpers.static import bars
from tests.helpers.static import static_model


@pytest.fixture(autouse=True)
def extractor(request, monkeypatch):
    """None, whose training takes most of the time, unless a test asks for it.

    There is no fidelity then.
    """
    if "trained_extractor" not in request.fixturenames:
        monkeypatch.setattr(
            "keras_infogan.evaluation.observations.load_feature_extractor",
            lambda *arguments: None,
        )


@pytest.fixture
def trained_extractor():
    """A test that asks for it trains a feature extractor on its images."""


def test_perfect_under_other_names():
    """Category 3 - k for class k: all is right, and all information is there.

    The bound is `log K` for a channel without errors, and its samples do not
    vary.
    """
    report = evaluate(painter(np.eye(4)[::-1]), TRAIN, TEST)
    assert report["clustering_accuracy"] == 1.0
    assert report["clustering_accuracy_standard_error"] == 0.0
    assert report["normalized_mutual_information"] == pytest.approx(1.0)
    assert report["adjusted_rand_index"] == pytest.approx(1.0)
    assert report["category_to_class"] == [3, 2, 1, 0]
    assert report["category_usage_entropy"] == pytest.approx(math.log(4))
    assert report["num_test_images"] == 100
    assert report["num_train_images"] == 400
    assert report["confusion"] == (25 * np.eye(4, dtype=int)[::-1]).tolist()


def test_static_is_a_problem():
    """It carries all information about the category, and is no bar."""
    data = ImageData(
        np.where(bars(40) > 0.0, np.uint8(255), np.uint8(0)), None, "bars"
    )
    report = evaluate(static_model(), data, data)
    nats = report["mutual_information"]["category"]
    assert nats == pytest.approx(math.log(3), abs=1e-3)
    problems = report["problems"]
    assert any("draws codes instead of images" in x for x in problems)
    warnings = [f"Warning: {problem}" for problem in problems]
    assert describe_report(report)[: len(warnings)] == warnings


def test_information_of_a_perfect_channel():
    report = evaluate(painter(np.eye(4)), TRAIN, TEST)
    information = report["mutual_information"]
    # float32: log softmax of 200 against 0 is 0 to 1e-7.
    assert information["category"] == pytest.approx(math.log(4), abs=1e-6)
    assert information["total"] == information["category"]
    errors = report["mutual_information_standard_error"]
    assert errors["category"] == pytest.approx(0.0, abs=1e-6)
    assert report["entropy"]["category"] == math.log(4)
    assert report["mutual_information_ceiling"]["category"] == math.log(4)
    assert report["priors"] == {}


def test_collapsed():
    """One category for all: the share of one class, no information.

    All logits are equal, so the likeliest is the first, and `Q` is uniform:
    the bound is 0.
    """
    report = evaluate(painter(np.zeros((4, 4))), TRAIN, TEST)
    assert report["clustering_accuracy"] == 0.25
    assert report["normalized_mutual_information"] == pytest.approx(0.0)
    assert report["adjusted_rand_index"] == pytest.approx(0.0)
    assert report["category_usage_entropy"] == 0.0
    information = report["mutual_information"]["category"]
    # The float32 mean of 10,000 times log 4.
    assert information == pytest.approx(0.0, abs=1e-5)


def test_merged_pair():
    """Classes 0 and 1 in one category: 3 of 4 classes can be named."""
    readout = np.eye(4)
    readout[1] = readout[0]
    report = evaluate(painter(readout), TRAIN, TEST)
    assert report["clustering_accuracy"] == 0.75
    # H(classes) = log 4, and 1/2 of the images is in one category of two.
    clusters = 1.5 * math.log(2)
    assert report["normalized_mutual_information"] == pytest.approx(
        clusters / ((math.log(4) + clusters) / 2)
    )


def test_mapping_is_of_the_training_split():
    """A test split with two labels exchanged counts them as errors."""
    labels = TEST_LABELS.copy()
    labels[TEST_LABELS == 0], labels[TEST_LABELS == 1] = 1, 0
    swapped = ImageData(TEST.images, labels, "columns", tuple("abcd"))
    report = evaluate(painter(np.eye(4)), TRAIN, swapped)
    assert report["clustering_accuracy"] == 0.5
    assert report["clustering_accuracy_standard_error"] == pytest.approx(0.05)
    assert report["category_to_class"] == [0, 1, 2, 3]
    # So are the names in the code map.
    meanings = report["code_map"].codes["category"].categories
    assert [meaning.name for meaning in meanings] == list("abcd")
    # NMI compares partitions, whatever their names.
    assert report["normalized_mutual_information"] == pytest.approx(1.0)


def test_each_image_is_encoded_once(monkeypatch):
    """In chunks of 37 that are all the images, in their order."""
    monkeypatch.setattr("keras_infogan.evaluation.observations._CHUNK", 37)
    encoded = []
    encode = InfoGAN.encode

    def record(self, images):
        encoded.append(np.asarray(images))
        return encode(self, images)

    monkeypatch.setattr(InfoGAN, "encode", record)
    report = evaluate(painter(np.eye(4)[::-1]), TRAIN, TEST)
    assert report["clustering_accuracy"] == 1.0
    sizes = [len(images) for images in encoded]
    # 400 training images, 100 test images and the generated ones.
    assert sizes == [37] * 10 + [30] + [37, 37, 26] + [10_000]
    for data, chunks in ((TRAIN, encoded[:11]), (TEST, encoded[11:14])):
        np.testing.assert_array_equal(np.concatenate(chunks), data.images)


def test_without_labels_there_is_no_accuracy():
    train, test = (data_of(TEST_LABELS, labeled=False) for _ in range(2))
    report = evaluate(painter(np.eye(4)), train, test)
    for name in (
        "clustering_accuracy",
        "normalized_mutual_information",
        "confusion",
    ):
        assert report[name] is None
    assert report["mutual_information"]["category"] > 1.0


def test_report_is_written_and_repeats(trained_extractor, tmp_path):
    model = painter(np.eye(4))
    report = evaluate(model, TRAIN, TEST, seed=3)
    path = tmp_path / "report.json"
    write_report(path, report)
    assert read_report(path) == report
    assert evaluate(model, TRAIN, TEST, seed=3) == report
    assert report["fidelity"]["num_images"] == 100
    assert report["robustness"]["num_images"] == 100
    assert report["robustness"]["unchanged"]["encoder"] == 1.0
    assert report["seed"] == 3
    assert set(report["versions"]) >= {"keras-infogan", "tensorflow", "keras"}


def test_standard_error_of_an_unsure_reader():
    """`log Q` of a reader that errs is a coin: its deviation is known.

    A reader that gives the true category 0.9 and each other 0.1 / 3 always
    says log 0.9. One that looks at the wrong column half of the time cannot be
    made linear, so the coin is the category itself: for half of the categories
    the reader is sure, for the others uniform. log Q is 0 or -log 4 with even
    odds, of deviation log(4) / 2, so the error over 10,000 samples is
    log(4) / 200, and the bound log(4) / 2.
    """
    readout = np.zeros((4, 4))
    readout[0, 0] = readout[1, 1] = 1.0
    # Columns are -1 or 1; the bias makes an empty pair of columns say nothing.
    model = painter(readout)
    latents = model.sample_latents(10_000)
    share = float(np.asarray(latents["category"])[:, :2].sum() / 10_000)
    logits = SURE * np.array([[1, -1, 0, 0], [-1, 1, 0, 0], [-1, -1, 0, 0]])
    peaks = logits.max(axis=1, keepdims=True)
    normed = logits - peaks
    normed = normed - np.log(np.exp(normed).sum(axis=1, keepdims=True))
    # Sure of the first two; of the others, one of two.
    values = np.array([normed[0, 0], normed[2, 2]])
    expected = math.log(4) + share * values[0] + (1 - share) * values[1]
    report = evaluate(model, TRAIN, TEST)
    assert report["mutual_information"]["category"] == pytest.approx(
        expected, abs=1e-5
    )
    deviation = abs(values[0] - values[1]) * math.sqrt(share * (1 - share))
    errors = report["mutual_information_standard_error"]
    assert errors["category"] == pytest.approx(deviation / 100, rel=1e-4)


def test_only_discrete_codes_have_a_ceiling():
    spec = LatentSpec(
        1, {"bits": Bernoulli(2), "u": Uniform(3), "a": Categorical(5)}
    )
    from keras_infogan.models.networks import build_discriminator
    from keras_infogan.models.networks import build_generator

    model = InfoGAN(
        build_generator(spec, (8, 8, 1)),
        build_discriminator(spec, (8, 8, 1)),
        spec,
    )
    images = np.zeros((8, 8, 8, 1), np.uint8)
    data = ImageData(images, None, "black")
    report = evaluate(model, data, data)
    assert report["mutual_information_ceiling"] == {
        "bits": pytest.approx(2 * math.log(2)),
        "u": None,
        "a": pytest.approx(math.log(5)),
    }
    assert report["entropy"]["u"] == pytest.approx(3 * math.log(2))


@pytest.mark.parametrize("labels", [[0], [2, 2, 2], [0, 1, 2]])
def test_too_few_test_images_to_agree_on(labels):
    """Of one class, or each of its own, an agreement of 1 would be none."""
    report = evaluate(painter(np.eye(4)), TRAIN, data_of(np.array(labels)))
    assert report["clustering_accuracy"] == 1.0
    assert report["normalized_mutual_information"] is None
    assert report["adjusted_rand_index"] is None


def test_a_handful_of_labels_names_the_categories():
    """Ten labels of each class name them as all do, and say how unsure.

    Of n right out of n, the lower end of the 95 % interval of Clopper and
    Pearson is 0.025^(1/n): .83 for 20, and .96 for 100.
    """
    model = painter(np.eye(NUM_CLASSES)[:, [2, 0, 1, 3]])
    names = {}
    for count, of_each in ((80, 20), (None, 100)):
        report = evaluate(model, TRAIN, TEST, num_naming_labels=count)
        meanings = report["code_map"].codes["category"].categories
        names[count] = [meaning.name for meaning in meanings]
        for meaning in meanings:
            assert meaning.num_labels == of_each
            assert meaning.confidence == pytest.approx(0.025 ** (1 / of_each))
        assert report["num_naming_labels"] == count
    assert names[80] == names[None]
    assert sorted(names[80]) == list("abcd")


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (TRAIN, "between 4 and 400 labels. .*num_naming_labels=3"),
        (data_of(TEST_LABELS, labeled=False), "columns has no labels"),
    ],
)
def test_labels_that_cannot_name(train, message):
    """Said by the name of the option, with what it may be."""
    model = painter(np.eye(NUM_CLASSES))
    with pytest.raises(ValueError, match=message):
        evaluate(model, train, TEST, num_naming_labels=3)


def test_few_test_images_have_no_fidelity(trained_extractor):
    """But all the rest: a run on a slice must not fail at its very end."""
    model = painter(np.eye(NUM_CLASSES))
    report = evaluate(model, TRAIN, data_of(TEST_LABELS[:12]))
    assert report["fidelity"] is None
    assert "robustness" not in report
    assert report["clustering_accuracy"] == 1.0

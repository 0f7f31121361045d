"""The report of models whose answers are known beforehand."""

import json
import math

import keras
import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.evaluation.evaluate import describe
from keras_infogan.evaluation.evaluate import evaluate
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN

NUM_CLASSES = 4
# Surer than float32 can tell from certain: exp(-100) is lost beside 1.
SURE = 100.0


def one_hot_images(labels: np.ndarray) -> np.ndarray:
    """Images of one row, white in the column of the label."""
    images = np.zeros((len(labels), 1, NUM_CLASSES, 1), np.uint8)
    images[np.arange(len(labels)), 0, labels] = 255
    return images


def data_of(labels: np.ndarray, *, labeled: bool = True) -> ImageData:
    return ImageData(
        one_hot_images(labels),
        labels if labeled else None,
        "columns",
        tuple("abcd") if labeled else (),
    )


TRAIN = data_of(np.arange(400) % NUM_CLASSES)
TEST_LABELS = np.arange(100) % NUM_CLASSES
TEST = data_of(TEST_LABELS)


def painter(readout: np.ndarray) -> InfoGAN:
    """A generator that paints its category, and a linear reader of columns.

    Args:
        readout: Matrix of shape `(columns, categories)`, times `SURE`.
    """
    spec = LatentSpec(1, {"category": Categorical(readout.shape[1])})
    inputs = {
        "noise": keras.Input((1,), name="noise"),
        "category": keras.Input((readout.shape[1],), name="category"),
    }
    paint = keras.layers.Dense(NUM_CLASSES, use_bias=False)
    x = paint(inputs["category"])
    x = keras.layers.Rescaling(2.0, offset=-1.0)(x)
    # Noise without effect: Keras wants each input to reach the image.
    still = keras.layers.Dense(
        NUM_CLASSES, use_bias=False, kernel_initializer="zeros"
    )
    x = keras.layers.Add()([x, still(inputs["noise"])])
    x = keras.layers.Reshape((1, NUM_CLASSES, 1))(x)
    generator = keras.Model(inputs, x)
    paint.set_weights([np.eye(readout.shape[1], NUM_CLASSES)])
    image = keras.Input((1, NUM_CLASSES, 1))
    flat = keras.layers.Flatten()(image)
    read = keras.layers.Dense(readout.shape[1], use_bias=False)
    judge = keras.layers.Dense(1)
    outputs = {"logits": judge(flat), "category_logits": read(flat)}
    discriminator = keras.Model(image, outputs)
    read.set_weights([SURE * readout])
    return InfoGAN(generator, discriminator, spec)


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
    # Which the other two do not look at.
    assert report["normalized_mutual_information"] == pytest.approx(1.0)


def test_chunks_are_all_the_images(monkeypatch):
    model = painter(np.eye(4)[::-1])
    whole = evaluate(model, TRAIN, TEST)
    monkeypatch.setattr("keras_infogan.evaluation.evaluate._CHUNK", 37)
    assert evaluate(model, TRAIN, TEST) == whole


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
    assert not any("test images" in sentence for sentence in describe(report))


def test_report_is_plain_and_repeats():
    model = painter(np.eye(4))
    report = evaluate(model, TRAIN, TEST, seed=3)
    assert json.loads(json.dumps(report)) == report
    assert evaluate(model, TRAIN, TEST, seed=3) == report
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
    assert "NMI and ARI are undefined" in describe(report)[0]


def test_describe():
    report = evaluate(painter(np.eye(4)), TRAIN, TEST)
    sentences = describe(report)
    assert sentences[0].startswith(
        "Learned without any label, the category tells the class of 100.0% of "
        "the 100 test images"
    )
    assert "guessing gives 25%" in sentences[0]
    assert sentences[1] == (
        "From a generated image, Q reads at least 1.39 nats of 1.39 of "
        "`category`."
    )
    assert "with 20 labels" in describe({**report, "num_labels": 20})[0]
    negative = {
        **report,
        "mutual_information": {"category": -0.5, "total": -0.5},
    }
    assert "nothing reliable of `category` (-0.50" in describe(negative)[1]
    # Said once for several codes.
    none = {"a": -0.5, "b": 0.0, "total": -0.5}
    text = " ".join(describe({**report, "mutual_information": none}))
    assert "of `a` (-0.50 nats) and `b` (0.00 nats). The log" in text
    assert text.count("The log may show more") == 1
    continuous = {**report, "mutual_information_ceiling": {"category": None}}
    assert "1.39 nats of `category`" in describe(continuous)[1]


def test_a_handful_of_labels_names_the_categories():
    """Ten labels of each class name them as all do, and say how unsure.

    Of n right out of n, the lower end of the 95 % interval of Clopper and
    Pearson is 0.025^(1/n): .83 for 20, and .96 for 100.
    """
    model = painter(np.eye(NUM_CLASSES)[:, [2, 0, 1, 3]])
    names = {}
    for count, of_each in ((80, 20), (None, 100)):
        report = evaluate(model, TRAIN, TEST, num_naming_labels=count)
        meanings = report["code_map"]["codes"]["category"]["categories"]
        names[count] = [meaning["name"] for meaning in meanings]
        for meaning in meanings:
            assert meaning["num_labels"] == of_each
            assert meaning["confidence"] == pytest.approx(
                0.025 ** (1 / of_each)
            )
        said = " ".join(describe(report))
        assert report["num_naming_labels"] == count
        assert ("the labels of 80 of 400 training images" in said) == (
            count == 80
        )
    assert names[80] == names[None]
    assert sorted(names[80]) == list("abcd")


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (TRAIN, "at least 4 and at most 400.*num_naming_labels=3"),
        (data_of(TEST_LABELS, labeled=False), "columns has no labels"),
    ],
)
def test_labels_that_cannot_name(train, message):
    """Said by the name of the option, with what it may be."""
    model = painter(np.eye(NUM_CLASSES))
    with pytest.raises(ValueError, match=message):
        evaluate(model, train, TEST, num_naming_labels=3)


def test_few_test_images_have_no_distances():
    """But all the rest: a run on a slice must not fail at its very end."""
    model = painter(np.eye(NUM_CLASSES))
    report = evaluate(model, TRAIN, data_of(TEST_LABELS[:12]))
    assert report["quality"] is None
    assert report["clustering_accuracy"] == 1.0
    assert describe(report)


def test_describe_says_sizes_intervals_floors_and_leaks():
    """1.96 errors each, in the order value, interval, that of real images."""
    report = evaluate(painter(np.eye(4)), TRAIN, TEST)
    numbers = {
        f"{name}{suffix}": value
        for name, value, floor in (
            ("frechet_distance", 3.0, 1.0),
            ("kernel_distance", 12.0, 0.5),
            ("precision", 0.8, 0.9),
            ("recall", 0.7, 0.95),
            ("density", 0.5, 1.0),
            ("coverage", 0.625, 0.96875),
        )
        for suffix, value in (
            ("", value),
            ("_standard_error", 0.1),
            ("_floor", floor),
        )
    }
    report |= {
        "quality": {
            **numbers,
            "num_images": 10_000,
            "num_neighbored_images": 2_000,
            "class_coverage": 0.75,
            "category_agreement": {"all": 0.9, "all_standard_error": 0.01},
        },
        "sweeps": {
            "style": [
                {"leakage": 0.25, "class_changes": 0.125},
                {"leakage": 0.5, "class_changes": None},
                {"leakage": None, "class_changes": 0.0},
            ]
        },
    }
    text = " ".join(describe(report))
    for part in (
        "10,000 generated images and as many test images",
        "Frechet distance 3 +/- 0.2 (1), kernel distance 12 +/- 0.2 (0.5)",
        "of 2,000, precision 0.8 +/- 0.2 (0.9), recall 0.7 +/- 0.2 (0.95), "
        "density 0.5 (1), coverage 0.625 +/- 0.2 (0.969).",
        "75% are among the generated images",
        "reads 90.0% +/- 2.0% of them",
        "Of what `style:0` changes, 25% is in other attributes",
        "in 12.5% of its images",
        "Of what `style:1` changes, 50% is in other attributes than the one "
        "that it changes most.",
    ):
        assert part in text
    assert "`style:2`" not in text
    assert "static" not in text
    # As static has it: precise, of all classes, and like no real image.
    report["quality"]["coverage"] = 0.01
    assert "not like the real ones" in " ".join(describe(report))

"""Mixed categories: how they are found, by hand, and told apart."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.callbacks import ResplitCategories
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.models import resplitting
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.resplitting import _places
from keras_infogan.models.resplitting import find_mixture
from keras_infogan.models.resplitting import is_time
from keras_infogan.models.resplitting import resplit
from tests.helpers.models import SHAPE
from tests.helpers.models import tiny_generator
from tests.helpers.models import tiny_model

SPEC = LatentSpec(2, {"category": Categorical(3)})
# Any: what views look like is made up here.
AUGMENTATION = Augmentation(shift=0.1)


def pixel_reader(kernel: np.ndarray) -> InfoGAN:
    """A model whose features are the first three pixels of an image."""
    image = keras.Input(SHAPE, name="image")
    features = keras.layers.Flatten()(image)[:, :3]
    heads = {
        "logits": keras.layers.Dense(1, name="logits")(features),
        "category_logits": keras.layers.Dense(3, name="category_logits")(
            features
        ),
    }
    discriminator = keras.Model(image, heads)
    # Sure of the third one only if the third pixel is bright.
    bias = np.array([0.0, 0.0, -8.0])
    discriminator.get_layer("category_logits").set_weights([kernel, bias])
    generator = tiny_generator(SPEC)
    return InfoGAN(
        generator,
        discriminator,
        SPEC,
        Objective(augmentation=AUGMENTATION, invariance_weight=1.0),
    )


def images_of(pixels: np.ndarray) -> np.ndarray:
    """Images with given first pixels, of shape `(num_images, any)`."""
    images = np.zeros((len(pixels), np.prod(SHAPE)), np.float32)
    images[:, : pixels.shape[1]] = pixels
    return images.reshape(-1, *SHAPE)


@pytest.fixture
def views_move(monkeypatch):
    """A view has another second pixel, and the same first one.

    As if the augmentation changed what the second pixel shows.
    """

    class Views:
        def __init__(self, images):
            self.images = images

    def augment(augmentation, images, key):
        assert augmentation is AUGMENTATION
        moves = tf.random.stateless_uniform(
            (len(images), 1), tf.cast(key, tf.int32), -0.5, 0.5
        )
        flat = tf.reshape(images, (len(images), -1))
        flat = tf.concat([flat[:, :1], flat[:, 1:2] + moves, flat[:, 2:]], 1)
        return Views(tf.reshape(flat, (-1, *SHAPE)))

    monkeypatch.setattr(resplitting, "augment", augment)


def test_the_pair_that_views_confuse(monkeypatch):
    """Certain answers: of 8 images, 0 and 2 are confused in 3 of 6.

    Images: 0 0 0 0 2 2 1 1; views: 0 0 2 2 2 0 1 1. Symmetric, `P(0, 2)` is
    (2 + 1) / 2 / 8 = 3/16, `P(0)` is (4 + 3) / 16 and `P(2)` is (2 + 3) / 16.
    So the share is 2 * 3 / (7 + 5) = 1/2, and that of other pairs is 0.
    """
    answers = {"image": [0, 0, 0, 0, 2, 2, 1, 1], "view": [0, 0, 2, 2, 2, 0, 1]}
    answers["view"].append(1)
    monkeypatch.setattr(
        resplitting,
        "_read",
        lambda *_: {key: np.eye(3)[rows] for key, rows in answers.items()},
    )
    model = pixel_reader(np.zeros((3, 3)))
    found = find_mixture(model, "category", np.zeros(8), AUGMENTATION)
    assert (found.first, found.second) == (0, 2)
    assert found.share == pytest.approx(0.5)


def test_halves_along_what_views_do_not_change():
    """Not along the feature with the largest variance, which views change."""
    random = np.random.default_rng(0)
    is_second = np.arange(100) % 2 == 0
    kept = np.where(is_second, 0.1, -0.1) + 0.02 * random.normal(size=100)
    moved = 5.0 * random.normal(size=(4, 100))
    views = np.stack([np.broadcast_to(kept, (4, 100)), moved], axis=-1)
    places = _places(views)
    found = places > np.median(places)
    assert (found == is_second).all() or (found != is_second).all()


def test_features_that_do_not_vary():
    """Of an input of zeros, all images are at one place."""
    assert not _places(np.zeros((4, 10, 3))).any()


def test_a_new_border(views_move):
    """The border is where views do not cross it; the third category stays.

    Categories 0 and 1 differ by the second pixel, which views change; classes
    by the first, and both are in both categories. With log odds of 4 for all
    images, the share would be `2 * 0.98 * 0.02 = 0.035`.
    """
    kernel = np.array([[0.0, 0.0, 0.0], [4.0, -4.0, 0.0], [-8.0, -8.0, 16.0]])
    model = pixel_reader(kernel)
    random = np.random.default_rng(0)
    first = 0.4 + 0.2 * (np.arange(300) % 2) + 0.02 * random.normal(size=300)
    second = random.uniform(-0.5, 0.5, 300)
    pixels = np.stack([first, second, np.zeros(300)], axis=1)
    # And images of the third category.
    others = np.stack([random.uniform(0.45, 0.55, 100), second[:100]], axis=1)
    others = np.concatenate([others, np.ones((100, 1))], axis=1)
    images = images_of(np.concatenate([pixels, others]))
    before = find_mixture(model, "category", images, AUGMENTATION)
    assert (before.first, before.second) == (0, 1)
    assert before.share > 0.2

    changed = resplit(model, images, AUGMENTATION, share=0.2)
    assert changed is not None
    assert (changed.first, changed.second) == (0, 1)
    after = find_mixture(model, "category", images, AUGMENTATION)
    assert after.share < 0.08
    read = model.encode(images)["category_probabilities"].argmax(axis=1)
    assert (read[300:] == 2).all()
    is_large = np.arange(300) % 2 == 1
    assert (read[:300] == is_large).all() or (read[:300] != is_large).all()
    assert set(read[:300]) == {0, 1}
    weights = model.discriminator.get_layer("category_logits").get_weights()
    np.testing.assert_array_equal(weights[0][:, 2], kernel[:, 2])


@pytest.mark.parametrize(
    ("num_images", "share", "weight"),
    # 0.5 is the share of views at random; 50 are the fewest images of a pair.
    [(100, 0.5, 4.0), (40, 0.0, 4.0), (100, 0.0, np.nan)],
    ids=["rarely_confused", "few_images", "diverged"],
)
def test_what_is_left_alone(num_images, share, weight, views_move):
    """With another share and more images, the same pair gets a new border."""
    kernel = np.array([[0.0, 0.0, -9.0], [4.0, -4.0, 0.0], [0.0] * 3])

    def is_split(num_images, share, weight):
        model = pixel_reader(kernel * [[1.0], [weight / 4.0], [1.0]])
        pixels = np.random.default_rng(0).uniform(0.1, 0.5, (num_images, 2))
        head = model.discriminator.get_layer("category_logits")
        before = head.get_weights()
        if resplit(model, images_of(pixels), AUGMENTATION, share=share):
            return True
        for ours, theirs in zip(head.get_weights(), before, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        return False

    assert is_split(100, 0.0, 4.0)
    assert not is_split(num_images, share, weight)


@pytest.mark.parametrize(
    ("num_epochs", "expected"),
    [
        (1, []),
        (2, []),
        (3, [2]),
        (5, [2, 3]),
        (7, [3, 4]),
        (10, [4, 5, 6, 7]),
    ],
)
def test_the_middle_of_a_training(num_epochs, expected):
    """Not so late that nothing can be learned from the new border.

    And not after the first epoch of two, as in the README's first example.
    """
    epochs = range(1, num_epochs + 1)
    assert [x for x in epochs if is_time(x, num_epochs)] == expected


def test_the_callback(monkeypatch):
    """For the epochs of Keras: with its images, options and augmentation."""
    calls = []
    monkeypatch.setattr(
        "keras_infogan.callbacks.resplit_categories.resplit",
        lambda *args, **options: calls.append((args, options)),
    )
    model = pixel_reader(np.zeros((3, 3)))
    images = images_of(np.random.default_rng(0).uniform(-1, 1, (8, 2)))
    model.compile(run_eagerly=True)
    callback = ResplitCategories(images, share=0.3, seed=5)
    model.fit(images, batch_size=4, epochs=3, verbose=0, callbacks=[callback])
    ((args, options),) = calls
    assert args[0] is model
    np.testing.assert_array_equal(args[1], images)
    assert args[2] is AUGMENTATION
    assert options == {"share": 0.3, "seed": 5}


def test_the_callback_needs_views_and_categories():
    images = np.zeros((8, *tiny_model().image_shape), np.float32)
    callback = ResplitCategories(images)
    callback.set_model(tiny_model())
    with pytest.raises(ValueError, match="needs a model whose objective has"):
        callback.on_train_begin()
    spec = LatentSpec(2, {"pose": Uniform(1)})
    without = tiny_model(spec=spec)
    callback.set_model(without)
    with pytest.raises(ValueError, match="ResplitCategories"):
        callback.on_train_begin()


def test_other_images_are_refused_before_the_training():
    callback = ResplitCategories(np.zeros((8, 5, 5, 1), np.uint8))
    callback.set_model(pixel_reader(np.zeros((3, 3))))
    with pytest.raises(ValueError, match="should have shape"):
        callback.on_train_begin()


@pytest.mark.parametrize("share", [-0.1, 0.0, 0.6, np.nan])
def test_other_shares_are_refused(share):
    """Of 0, which is "never" as an option of a run, a pair would always be."""
    with pytest.raises(ValueError, match="above 0 and at most 0.5"):
        ResplitCategories(images_of(np.zeros((8, 2))), share=share)


@pytest.mark.parametrize("renamed", ["logits", "category_logits"])
def test_other_heads_are_refused_before_the_training(renamed):
    """Not in its middle, where they would be missed."""
    model = pixel_reader(np.zeros((3, 3)))
    callback = ResplitCategories(images_of(np.full((8, 2), -1.0)))
    callback.set_model(model)
    callback.on_train_begin()
    model.discriminator.get_layer(renamed).name = "another"
    with pytest.raises(ValueError, match=f"without {renamed}\\."):
        callback.on_train_begin()


def test_as_few_images_as_possible_change_their_category(views_move):
    """Whichever of the two is the first, the border is the same.

    In the beginning, each category has two thirds of one of the classes.
    """
    is_large = np.arange(300) % 2 == 1
    is_second = is_large ^ (np.arange(300) % 6 < 2)
    pixels = np.stack(
        [np.where(is_large, 0.6, 0.4), np.where(is_second, -0.3, 0.3)], axis=1
    )
    pixels += np.random.default_rng(0).normal(0.0, 0.02, pixels.shape)
    images = images_of(np.concatenate([pixels, np.zeros((300, 1))], axis=1))
    for sign in (1.0, -1.0):
        kernel = np.array([[0.0] * 3, [4 * sign, -4 * sign, 0.0], [0.0] * 3])
        model = pixel_reader(kernel)
        assert resplit(model, images, AUGMENTATION, share=0.01) is not None
        read = model.encode(images)["category_probabilities"].argmax(axis=1)
        expected = is_large if sign > 0 else ~is_large
        np.testing.assert_array_equal(read, expected)


def test_wrong_seed():
    with pytest.raises(ValueError, match="should be a whole number from 0"):
        ResplitCategories(images_of(np.zeros((8, 2))), seed=-1)

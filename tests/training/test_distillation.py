"""Distillation in whole: of a model, of a run, and what it leaves alone."""

import numpy as np
import pytest

from keras_infogan.data.dataset import ImageData
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.pretrained import load_model
from keras_infogan.training import distillation
from keras_infogan.training import run
from keras_infogan.training.build import build_model
from keras_infogan.training.callbacks import restore
from keras_infogan.training.distillation import distill
from keras_infogan.training.presets import preset
from keras_infogan.training.run import train
from tests.helpers.runs import NO_CODES
from tests.helpers.runs import PLAIN
from tests.helpers.runs import SMALLEST
from tests.helpers.runs import STEPS_PER_EPOCH
from tests.helpers.runs import few_digits

# The statistics of batch normalization would have to be learned first.
SMALL = preset("mnist").replace(
    image_size=12, jit_compile=False, normalization="none"
)


def strokes(count: int) -> ImageData:
    """Bright bars on black, some upright and some level, and noise."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 60, (count, 12, 12, 1), np.uint8)
    pixels[::2, 2:10, 5:7] = 255
    pixels[1::2, 5:7, 2:10] = 255
    return ImageData(pixels, None, "strokes")


def test_one_view_says_what_views_say():
    """The cross-entropy to the averages falls; `G` and `D` stay.

    A new model answers all views alike, but for larger weights of the head.
    """
    data = strokes(64)
    model = build_model(SMALL)
    head = model.discriminator.get_layer("category_logits")
    head.kernel.assign(head.kernel * 8.0)
    images = data.scaled()
    assert model.objective.augmentation
    augmentation = model.objective.augmentation.scaled(0.6)
    targets = average_probabilities(model, images, augmentation, num_views=8)[
        "category"
    ]
    others = ("pose_mean", "style_mean")
    before = model.encode(images)
    generated = model.generate(4)

    def cross_entropy(posterior):
        probabilities = posterior["category_probabilities"]
        return -(targets * np.log(probabilities)).sum(axis=1).mean()

    done = distill(
        model,
        data,
        epochs=8,
        refitting_steps=0,
        batch_size=16,
        jit_compile=False,
    )
    assert done is model
    after = model.encode(images)
    # What is left is the entropy of the targets.
    entropy = -(targets * np.log(targets)).sum(axis=1).mean()
    assert cross_entropy(after) - entropy < 0.5 * (
        cross_entropy(before) - entropy
    )
    for name in others:
        assert np.abs(after[name] - before[name]).max() < 0.2
    np.testing.assert_array_equal(model.generate(4), generated)


@pytest.mark.parametrize("renamed", ["logits", "pose_mean"])
def test_other_heads_are_refused_before_it(renamed, monkeypatch):
    """All that are used, and before anything has changed."""

    class Begun(Exception):
        pass

    def begin(*args, **options):
        raise Begun

    monkeypatch.setattr(distillation, "SelfDistillation", begin)
    model = build_model(SMALL)
    model.discriminator.get_layer(renamed).name = "another"
    with pytest.raises(ValueError, match=f"Received: one without {renamed}"):
        distill(model, strokes(16))
    if renamed == "pose_mean":
        with pytest.raises(Begun):
            distill(model, strokes(16), refitting_steps=0)


def test_of_a_run(few_digits_dir, tmp_path, monkeypatch):
    """It changes `Q` of the saved model, and the same way if repeated.

    The checkpoint is that of the training, from which it is made again. Without
    XLA, sums are rounded another time in another way.
    """
    # Views and categories are what it needs.
    config = few_digits(
        **SMALLEST
        | {
            "warp": {"shift": 0.1},
            "invariance_weight": 1.0,
            "distillation_epochs": 1,
            "seed": 5,
        }
    )
    refits = []

    def refit(model, **options):
        refits.append(options)
        return model

    # Six hundred steps take longer.
    monkeypatch.setattr(distillation, "refit_heads", refit)
    # The evaluation does, too.
    monkeypatch.setattr(run, "finish", lambda *args, **kwargs: {})

    def weights(network):
        return np.concatenate([x.numpy().ravel() for x in network.variables])

    def make_run():
        train(config, tmp_path, data_dir=few_digits_dir, export=False)
        return load_model(tmp_path)

    saved = make_run()
    expected = {
        "num_steps": 600,
        "batch_size": config.data.batch_size,
        "seed": 5,
        "jit_compile": config.execution.jit_compile,
    }
    assert refits == [expected]
    trained = build_model(config, num_steps=STEPS_PER_EPOCH)
    assert restore(trained, tmp_path / "checkpoints") == STEPS_PER_EPOCH
    np.testing.assert_array_equal(
        weights(saved.generator), weights(trained.generator)
    )
    changes = weights(saved.discriminator) - weights(trained.discriminator)
    assert np.abs(changes).mean() > 1e-4
    (tmp_path / "model.keras").unlink()
    again = weights(make_run().discriminator) - weights(saved.discriminator)
    assert np.abs(again).mean() < 0.05 * np.abs(changes).mean()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (PLAIN, "distillation_epochs should be 0 without an augmentation"),
        (
            {
                **NO_CODES,
                "codes": {"pose": {"type": "uniform", "dim": 1}},
                "slant_gains": {"pose": 1.0},
            },
            "distillation_epochs should come with a categorical code",
        ),
    ],
    ids=["no_augmentation", "no_categories"],
)
def test_it_needs_views_and_categories(
    changes, message, few_digits_dir, tmp_path
):
    """Known before the training."""
    with pytest.raises(ValueError, match=message):
        train(
            few_digits(distillation_epochs=1, **changes),
            tmp_path / "run",
            data_dir=few_digits_dir,
        )
    assert not (tmp_path / "run").exists()

"""`keras-infogan encode`: image files in, posteriors of the codes out."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_infogan.cli import main as cli
from keras_infogan.data.image_file import fit_image
from keras_infogan.files import write_json
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.objective import Objective
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.pretrained import load_model
from keras_infogan.training.presets import preset
from tests.helpers.command_line import fail
from tests.helpers.command_line import run
from tests.helpers.models import SHAPE
from tests.helpers.models import SPEC
from tests.helpers.models import tiny_discriminator
from tests.helpers.models import tiny_generator
from tests.helpers.models import tiny_model


def test_encode(model_path, capfd, tmp_path):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, SHAPE[:2], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    (result,), err = run(capfd, "encode", model_path, tmp_path / "x.png")
    posterior = load_model(model_path).encode(
        pixels[None, :, :, None] / 127.5 - 1.0
    )
    assert result["image"] == str(tmp_path / "x.png")
    probabilities = posterior["category_probabilities"][0]
    assert result["codes"]["category"] == {
        "category": int(probabilities.argmax()),
        "probability": pytest.approx(float(probabilities.max())),
        "probabilities": pytest.approx(probabilities.tolist()),
    }
    assert result["codes"]["continuous"]["stddev"] == pytest.approx(
        np.exp(posterior["continuous_log_stddev"][0]).tolist()
    )
    assert f"category {probabilities.argmax()} (" in err


def test_one_sample_can_be_encoded(model_path, capfd, tmp_path):
    """It has no frame: read from the file nearly as from memory.

    The image is seven times enlarged; making it small again smooths random
    pixels a little. A frame would change the probabilities by far more.
    """
    path = tmp_path / "x.png"
    _, err = run(capfd, "sample", model_path, "--count=1", "-o", path)
    assert err == f"1 image in {path}.\n"
    with Image.open(path) as image:
        assert image.size == (7 * SHAPE[1], 7 * SHAPE[0])
    (result,), err = run(capfd, "encode", model_path, path)
    model = load_model(model_path)
    expected = model.encode(model.generate(1))["category_probabilities"][0]
    assert result["codes"]["category"]["probabilities"] == pytest.approx(
        expected.tolist(), abs=0.05
    )


def test_views(capfd, tmp_path):
    """Averaged by a model with an augmentation; refused by another."""
    augmented = Objective(
        augmentation=Augmentation(), invariant_codes=["category"]
    )
    Image.new("L", SHAPE[:2], 130).save(tmp_path / "x.png")
    for name, objective in (("own", augmented), ("plain", None)):
        InfoGAN(tiny_generator(), tiny_discriminator(), SPEC, objective).save(
            tmp_path / f"{name}.keras"
        )
    command = ("encode", tmp_path / "own.keras", tmp_path / "x.png")
    (result,), _ = run(capfd, *command, "--views=4")
    expected = load_model(tmp_path / "own.keras").encode(
        np.full((1, *SHAPE), 130, np.uint8), num_views=4
    )
    assert result["codes"]["category"]["probabilities"] == pytest.approx(
        expected["category_probabilities"][0].tolist(), abs=1e-6
    )
    command = ("encode", tmp_path / "plain.keras", tmp_path / "x.png")
    with pytest.raises(SystemExit) as raised:
        run(capfd, *command, "--views=4")
    assert raised.value.code == 2
    assert "num_views should be 1 for a model" in capfd.readouterr().err


@pytest.mark.parametrize("resize", ["pad", "stretch"])
def test_images_are_fitted_as_in_training(resize, model_path, capfd, tmp_path):
    """Nothing is cropped then, so that nothing is warned about."""
    write_json(
        tmp_path / "config.json",
        preset("images").replace(resize=resize).to_json(),
    )
    shutil.copy(model_path, tmp_path / "model.keras")
    image = Image.new("L", (24, 8))
    image.paste(255, (0, 0, 12, 8))
    image.save(tmp_path / "x.png")
    (result,), err = run(capfd, "encode", tmp_path, tmp_path / "x.png")
    fitted = fit_image(image, SHAPE, resize)
    expected = load_model(tmp_path).encode(fitted[None])
    assert result["codes"]["category"]["probabilities"] == pytest.approx(
        expected["category_probabilities"][0].tolist()
    )
    assert "central" not in err


def test_encode_says_what_it_means(named_run, capfd, tmp_path):
    run(capfd, "sample", named_run, "--count=1", "-o", tmp_path / "x.png")
    (result,), err = run(capfd, "encode", named_run, tmp_path / "x.png")
    shares = result["codes"]["category"]["probabilities"]
    # Nine of ten images of each are what it is named.
    share, name = max((0.9 * shares[0], "1"), (0.9 * shares[2], "7"))
    assert result["meaning"][0] == f"{name} ({share:.0%})"
    assert f"{name} ({share:.0%})" in err
    assert result["class"] == name
    assert result["class_probability"] == pytest.approx(share)
    assert result["warnings"] == []


def test_encode_keeps_what_can_be_read(model_path, capfd, tmp_path):
    """A black image with its warning in the JSON; a file that is none."""
    Image.fromarray(np.zeros(SHAPE[:2], np.uint8)).save(tmp_path / "x.png")
    with pytest.raises(SystemExit) as exit_:
        cli.main(
            [
                "encode",
                str(model_path),
                str(tmp_path / "none.png"),
                str(tmp_path / "x.png"),
            ]
        )
    assert exit_.value.code == 2
    out, err = capfd.readouterr()
    bad, black = json.loads(out)
    assert bad["error"].startswith("There is no file")
    assert "codes" not in bad
    assert "single color" in black["warnings"][0]
    assert f"Warning: {tmp_path / 'x.png'} is a single color" in err
    assert set(black["codes"]) == {"category", "continuous"}


def test_encode_of_ink_on_paper(model_path, capfd, tmp_path):
    """Inverted, it is the image of which it is the negative."""
    generator = np.random.default_rng(0)
    pixels = np.pad(generator.integers(0, 100, (6, 6), np.uint8), 1)
    assert pixels.shape == SHAPE[:2]
    Image.fromarray(pixels).save(tmp_path / "x.png")
    Image.fromarray(255 - pixels).save(tmp_path / "paper.png")
    (expected,), err = run(capfd, "encode", model_path, tmp_path / "x.png")
    assert "--invert" not in err
    _, err = run(capfd, "encode", model_path, tmp_path / "paper.png")
    assert "brightness of the border 1.00" in err
    # The negative of random pixels is an outlier, too.
    assert "ink on paper, use --photo" in err
    (result,), _ = run(
        capfd, "encode", model_path, tmp_path / "paper.png", "--invert"
    )
    assert result["codes"]["category"]["probabilities"] == pytest.approx(
        expected["codes"]["category"]["probabilities"]
    )
    _, err = run(capfd, "encode", model_path, tmp_path / "x.png", "--invert")
    assert "omit --invert" in err
    Image.new("RGBA", (9, 9)).save(tmp_path / "blank.png")
    _, err = run(capfd, "encode", model_path, tmp_path / "blank.png")
    assert "is a single color" in err


def test_encode_of_a_photograph(mnist_test, capfd, tmp_path):
    """Eight digits of MNIST in ink on gray paper, in two lines.

    Upside down too: they fit better upright. The classes of the page are read
    in order; all are digits that are clear to people.
    """
    rows = [
        int(np.flatnonzero(mnist_test.labels == d)[3]) for d in range(2, 10)
    ]
    digits = mnist_test.images[rows][..., 0].repeat(3, 1).repeat(3, 2)
    lines = [
        np.concatenate(list(line), axis=1) for line in (digits[:4], digits[4:])
    ]
    mask = np.pad(np.concatenate(lines), 20) / 255.0
    page = Image.fromarray(np.rint(170.0 - 120.0 * mask).astype(np.uint8))
    paths = [tmp_path / "page.png", tmp_path / "turned.png"]
    page.save(paths[0])
    page.transpose(Image.Transpose.ROTATE_180).save(paths[1])
    results, _ = run(capfd, "encode", "mnist", "--photo", *paths)
    assert [result["class"] for result in results] == list("23456789") * 2
    assert [result["image"] for result in results] == [
        str(path) for path in paths for _ in range(8)
    ]
    assert not any("upside_down" in result for result in results)
    for result in results:
        is_turned = result["image"] == str(paths[1])
        assert any("upside down" in x for x in result["warnings"]) == is_turned
        left, top, right, bottom = result["box"]
        assert 0 <= left < right <= page.width
        assert 0 <= top < bottom <= page.height


def test_a_photograph_of_a_six_or_nine(mnist_test, capfd, tmp_path):
    """Nobody can tell whether it is upside down, so both are reported."""
    digit = mnist_test.images[mnist_test.labels == 6][5, ..., 0]
    pixels = 170.0 - 120.0 * np.pad(digit.repeat(3, 0).repeat(3, 1), 20) / 255.0
    page = Image.fromarray(np.rint(pixels).astype(np.uint8))
    paths = [tmp_path / "six.png", tmp_path / "nine.png"]
    page.save(paths[0])
    page.transpose(Image.Transpose.ROTATE_180).save(paths[1])
    results, err = run(capfd, "encode", "mnist", "--photo", *paths)
    for result, classes in zip(results, ("69", "96"), strict=True):
        other = result["upside_down"]
        assert (result["class"], other["class"]) == tuple(classes)
        assert "or, if it is upside down: " + other["meaning"][0] in err
        assert set(other) < set(result)


def test_a_photograph_without_ink(capfd, tmp_path, refuse):
    Image.new("L", (50, 50), 200).save(tmp_path / "blank.png")
    message = refuse("encode", "mnist", "--photo", str(tmp_path / "blank.png"))
    assert "without enough contrast" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL", "nowhere.png"], "There is no file nowhere.png"),
        (["MODEL", "text"], "should be an image file"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("encode", *arguments)


def test_weights_that_overflow_are_refused(capfd, tmp_path):
    """They are finite, what they compute is not: it would say nan%."""
    model = tiny_model()
    for variable in model.discriminator.trainable_variables:
        variable.assign(np.full(variable.shape, 2e38))
    model.save(tmp_path / "x.keras")
    Image.new("L", SHAPE[:2]).save(tmp_path / "x.png")
    np.save(tmp_path / "x.npy", np.zeros((9, *SHAPE), np.uint8))
    for words in (
        ("encode", tmp_path / "x.keras", tmp_path / "x.png"),
        (
            "embed",
            tmp_path / "x.keras",
            tmp_path / "x.npy",
            "-o",
            tmp_path / "y.csv",
        ),
    ):
        assert "should be finite. Received: NaN" in fail(capfd, *words)

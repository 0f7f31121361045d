"""`keras-infogan embed`: the posterior of each image of a source."""

import csv

import numpy as np
import pytest
from PIL import Image

from keras_infogan.models.pretrained import load_model
from tests.helpers.command_line import run
from tests.helpers.models import SHAPE

IMAGES = np.random.default_rng(0).integers(0, 256, (12, *SHAPE), np.uint8)


def test_embed_a_folder(model_path, capfd, tmp_path):
    """A line an image, with its file, its class and what the model infers."""
    for index, image in enumerate(IMAGES):
        path = tmp_path / "photos" / "ab"[index % 2] / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    output = tmp_path / "codes.csv"
    result, err = run(
        capfd,
        *("embed", model_path, tmp_path / "photos", f"--output={output}"),
        f"--data-dir={tmp_path / 'data'}",
    )
    assert "codes of 12 images" in err
    with output.open() as file:
        rows = list(csv.DictReader(file))
    assert result["columns"] == list(rows[0])
    posterior = load_model(model_path).encode(IMAGES)
    for row in rows:
        label, index = row["image"][0], int(row["image"][2:4])
        assert row["label"] == label == "ab"[index % 2]
        probabilities = posterior["category_probabilities"][index]
        assert int(row["category"]) == probabilities.argmax()
        for name, width in (
            ("category_probabilities", 3),
            ("continuous_mean", 2),
        ):
            values = [float(row[f"{name}:{i}"]) for i in range(width)]
            # A batch of 12 is added up in another order than one of another.
            np.testing.assert_allclose(
                values, posterior[name][index], rtol=1e-5, atol=1e-6
            )


def test_embed_arrays(model_path, capfd, tmp_path):
    """In their own order, without labels."""
    np.save(tmp_path / "x.npy", IMAGES)
    output = tmp_path / "codes.npz"
    run(capfd, "embed", model_path, tmp_path / "x.npy", f"-o={output}")
    codes = np.load(output)
    posterior = load_model(model_path).encode(IMAGES)
    assert set(codes) == {"image", "category", *posterior}
    assert codes["image"].tolist() == list(range(12))
    for name, values in posterior.items():
        np.testing.assert_allclose(codes[name], values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["NAMED", "x.npy", "-o=x.txt"], "should end in .csv or .npz"),
        (["NAMED", "x.npy"], "x.npy: No such file or directory"),
        (["nowhere", "x.npy"], "Received: nowhere"),
    ],
)
def test_refused(arguments, message, refuse):
    assert message in refuse("embed", *arguments)

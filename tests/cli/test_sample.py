"""`keras-infogan sample`: chosen codes arrive in the images of a file."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from keras_infogan.cli import sample
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.files import write_json
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.pretrained import load_model
from keras_infogan.reports import images as report_images
from tests.helpers import imitated_model
from tests.helpers.code_maps import categories
from tests.helpers.command_line import fail
from tests.helpers.command_line import run
from tests.helpers.imitated_model import FLOAT
from tests.helpers.imitated_model import INT32
from tests.helpers.imitated_model import Served
from tests.helpers.imitated_model import expected_images
from tests.helpers.imitated_rest import ImitatedRestServer
from tests.helpers.imitated_rest import imitated_rest


def test_sample(model_path, capfd, tmp_path):
    output = tmp_path / "new" / "x.png"
    result, err = run(
        capfd,
        "sample",
        model_path,
        "--category=2",
        "--code=continuous=0.5,-1",
        "--count=12",
        "--seed=3",
        f"--output={output}",
    )
    assert result == {"output": str(output), "count": 12, "seed": 3}
    assert str(output) in err
    model = load_model(model_path)
    expected = model.generate(
        12, codes={"category": 2, "continuous": [[0.5, -1.0]]}, seed=3
    )
    # Cells of 8 pixels, 7 times enlarged, 2 pixels apart.
    pixels = np.asarray(Image.open(output))
    np.testing.assert_allclose(
        pixels[2 : 2 + 56 : 7, 2 : 2 + 56 : 7, 0],
        (expected[0, :, :, 0] + 1) * 127.5,
        atol=0.51,
    )


def test_sample_by_meaning(named_run, capfd, tmp_path):
    """A seven is category 2 here, and slanted right is a negative code."""
    for path, options in (
        ("meant.png", ["--digit=7", "--attribute=slant=0.5"]),
        ("chosen.png", ["--category=2", "--code=continuous=0,-0.5"]),
    ):
        result, err = run(
            capfd,
            "sample",
            named_run,
            *options,
            "--count=4",
            f"--output={tmp_path / path}",
        )
        if path == "meant.png":
            assert (
                "Category 2 of `category` stands for '7': 90% of its 10" in err
            )
            assert result["digit"] == {
                "code": "category",
                "category": 2,
                "name": "7",
                "purity": 0.9,
                "confidence": 0.8,
                "num_labels": 10,
            }
    meant, chosen = (
        np.asarray(Image.open(tmp_path / path))
        for path in ("meant.png", "chosen.png")
    )
    np.testing.assert_array_equal(meant, chosen)


def test_the_surest_category_of_a_class(model_path, capfd, tmp_path):
    """Two categories are sevens; the second of them with more confidence."""
    shutil.copy(model_path, tmp_path / "x.keras")
    code_map = CodeMap(
        {
            "category": categories(
                CategoryMeaning("7", 0.7, 0.6, 10),
                CategoryMeaning("1", 0.9, 0.8, 10),
                CategoryMeaning("7", 0.9, 0.8, 10),
            )
        }
    )
    write_json(tmp_path / "x_code_map.json", code_map.to_json())
    paths = [tmp_path / "seven.png", tmp_path / "second.png"]
    (result, _), _ = (
        run(capfd, "sample", tmp_path / "x.keras", option, "-o", path)
        for option, path in zip(
            ("--digit=7", "--category=2"), paths, strict=True
        )
    )
    assert (result["digit"]["category"], result["digit"]["purity"]) == (2, 0.9)
    seven, second = (np.asarray(Image.open(path)) for path in paths)
    np.testing.assert_array_equal(seven, second)


@pytest.mark.parametrize("given", [True, False], ids=["given", "asked"])
def test_sample_from_an_imitated_server(given, capfd, tmp_path):
    """What the client's own tests check in full arrives as an image.

    The code map turns a digit into a category and a slant into the second
    continuous code, with its sign: 5 by the one that is given, 4 by that of the
    model.
    """
    entries = [{"name": str((number + 2) % 10)} for number in range(10)]
    dimensions = [{}, {"attribute": "slant", "sign": -1}]
    path = tmp_path / "code_map.json"
    write_json(
        path,
        {
            "codes": {
                "category": {"type": "categorical", "categories": entries},
                "continuous": {"type": "uniform", "dimensions": dimensions},
            }
        },
    )
    with imitated_rest() as server:
        result, _ = run(
            capfd,
            "sample",
            "infogan",
            f"--server=http://127.0.0.1:{server.port}",
            "--label=stable",
            "--digit=7",
            "--attribute=slant=0.5",
            "--count=2",
            "--seed=5",
            f"--output={tmp_path / 'x.png'}",
            *([f"--code-map={path}"] if given else []),
        )
    assert result["count"] == 2
    for _, url, _ in server.requests:
        assert url.startswith("/v1/models/infogan/labels/stable")
    expected = expected_images(np.arange(5, 7), 5 if given else 4, [0.0, -0.5])
    report_images.save_image(
        tmp_path / "expected.png",
        report_images.image_grid(expected, num_columns=2),
    )
    assert (tmp_path / "x.png").read_bytes() == (
        tmp_path / "expected.png"
    ).read_bytes()


def test_codes_arrive_at_an_imitated_server(capfd, tmp_path):
    with imitated_rest() as server:
        run(
            capfd,
            *("sample", "infogan", f"--server=http://127.0.0.1:{server.port}"),
            *("--category=4", "--code=continuous=0.25,-0.5", "--count=2"),
            *("-o", tmp_path / "x.png"),
        )
    body = json.loads(server.requests[-1][2])
    assert body["instances"] == [
        {"seed": seed, "category": 4, "continuous": [0.25, -0.5]}
        for seed in (0, 1)
    ]


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImitatedRestServer]:
    """Serves `letter`, `kind` and `style`, and lists them by the alphabet."""
    computed = imitated_model.compute

    def compute(
        served: Served, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        if signature == "sample":
            inputs["category"] = inputs["letter"]
            inputs["continuous"] = inputs["style"]
        return computed(served, signature, inputs)

    monkeypatch.setattr(imitated_model, "compute", compute)
    with imitated_rest() as server:
        signatures = server.served.signatures
        for name, kind, letter in (
            ("sample", (INT32, ()), (INT32, ())),
            ("serving_default", (FLOAT, (3,)), (FLOAT, (10,))),
        ):
            inputs, outputs = signatures[name]
            renamed = {"kind": kind, "letter": letter, **inputs}
            del renamed["category"]
            renamed["style"] = renamed.pop("continuous")
            signatures[name] = renamed, outputs
        server.served.code_map = {
            "codes": {
                "letter": {"categories": [{}] * 10},
                "kind": {"categories": [{}] * 3},
                "style": {"dimensions": [{}, {}]},
            }
        }
        yield server


def test_category_is_of_the_first_categorical_code(letters, capfd, tmp_path):
    """In the order of the code map, whatever the code is called.

    As without a server, where it is the first of the model.
    """
    spec = LatentSpec(1, {"style": Uniform(2), "letter": Categorical(10)})
    args = argparse.Namespace(code=[], category=4, digit=None, attribute=[])
    assert sample._chosen_codes(args, spec) == {"letter": 4}
    command = (
        *("sample", "infogan", f"--server=http://127.0.0.1:{letters.port}"),
        *("--category=4", "--count=1", "-o", tmp_path / "x.png"),
    )
    run(capfd, *command)
    row = {"seed": 0, "kind": 0, "letter": 4, "style": [0.0, 0.0]}
    assert json.loads(letters.requests[-1][2])["instances"] == [row]
    error = fail(capfd, *command, "--code=letter=1")
    assert "Received: --code letter and --category." in error
    letters.served.code_map = None
    error = fail(capfd, *command)
    assert "Received: kind, letter, and no code map. Give --code-map" in error
    # Of one code with categories, nobody needs the order.
    for name in ("sample", "serving_default"):
        del letters.served.signatures[name][0]["kind"]
    run(capfd, *command)
    del row["kind"]
    assert json.loads(letters.requests[-1][2])["instances"] == [row]
    for name in ("sample", "serving_default"):
        del letters.served.signatures[name][0]["letter"]
    error = fail(capfd, *command)
    assert "--category should come with a categorical code" in error


def test_grpc_says_nothing_of_tensorflow():
    """It imports it, which writes lines of its own to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_infogan", "sample", "infogan"]
        + ["--server=grpc://127.0.0.1:1"],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("TF_")},
        timeout=300,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "accepts no connection" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL", "--digit=7"], "json. Give values of its codes, by --code."),
        (["UNNAMED", "--digit=7"], "`keras-infogan evaluate UNNAMED` writes"),
        (["NAMED", "--digit=3"], "Known classes: 1, 7"),
        (["NAMED", "--attribute=width=1"], "Known attributes: slant"),
        (
            ["NAMED", "--attribute=slant=2"],
            "The attribute 'slant' should be in [-1, 1]. Received: 2.",
        ),
        (
            ["NAMED", "--digit=7", "--category=0"],
            "Received: --category and --digit. Leave one of them out",
        ),
        (
            ["NAMED", "--code=category=1", "--category=0"],
            "Received: --code category and --category.",
        ),
        (
            ["NAMED", "--attribute=slant=1", "--attribute=slant=-1"],
            "Received: --attribute slant and --attribute slant.",
        ),
        (
            ["NAMED", "--attribute=slant=1", "--code=continuous=0"],
            "Received: --code continuous and --attribute slant.",
        ),
        (["served", "--label=canary"], "are for --server"),
        (["infogan", "--server=http://127.0.0.1:1"], "127.0.0.1:1"),
        (
            ["infogan", "--server=http://127.0.0.1:1", "--output=text/x.png"],
            "text/x.png: Not a directory",
        ),
        (["MODEL", "--server="], "should be like http://host:8501"),
        (["MODEL", "--category=3"], "from 0 to 2. Received: 3"),
        (["MODEL", "--code=slant=1"], "Received: 'slant'"),
        (["MODEL", "--code=continuous=2"], "should be in [-1, 1]"),
        (["MODEL", "--code=category=0.5"], "category numbers from 0"),
        (["nowhere"], "Expected the directory of a finished run"),
        (["STOPPED"], "STOPPED, which has no model.keras yet"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("sample", *arguments)

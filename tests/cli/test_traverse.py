"""`keras-infogan traverse`: one code varies along each row."""

import pytest
from PIL import Image

from tests.helpers.command_line import run


def test_traverse(model_path, capfd, tmp_path):
    output = tmp_path / "x.png"
    result, _ = run(
        capfd,
        "traverse",
        model_path,
        "--code=continuous:1",
        *("-o", output),
    )
    assert result == {
        "output": str(output),
        "code": "continuous",
        "index": 1,
    }
    Image.open(output).verify()


def test_traverse_by_meaning(named_run, capfd, tmp_path):
    result, _ = run(
        capfd,
        "traverse",
        named_run,
        "--attribute=slant",
        f"--output={tmp_path / 'x.png'}",
    )
    assert (result["code"], result["index"]) == ("continuous", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MODEL"], "one of --code and --attribute"),
        (["MODEL", "--code=continuous:2"], "from 0 to 1"),
        (["MODEL", "--code=z"], "one of category, continuous"),
    ],
)
def test_errors_are_one_line(arguments, message, refuse):
    assert message in refuse("traverse", *arguments)

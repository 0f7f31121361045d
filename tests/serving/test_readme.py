"""The README of serving: its commands exist, and its example is right."""

import re
from typing import Any

import numpy as np

from keras_infogan.cli.main import _parser
from tests.helpers.readme import PACKAGE
from tests.helpers.readme import commands
from tests.helpers.readme import missing_links

README = PACKAGE / "serving" / "README.md"


def test_commands_and_links_exist():
    assert len(commands(README)) == 6
    for command in commands(README):
        _parser().parse_args(command)
    assert missing_links(README) == []


def test_the_example_of_the_client(rest):
    """It runs against an imitation in place of the server that it needs."""
    (block,) = re.findall(r"```py\n(.*?)```", README.read_text(), re.DOTALL)
    block = block.replace("8501", str(rest.port))
    names: dict[str, Any] = {}
    exec(block.replace('"mnist"', '"infogan"'), names)
    assert names["images"].shape == (16, 4, 4, 1)
    # The digit 7 is category 4 of the imitation; more slant is a smaller code.
    np.testing.assert_allclose(names["images"][:, 0, 1, 0], 0.4)
    np.testing.assert_allclose(names["images"][:, 0, 3, 0], -0.5)
    assert names["posterior"]["category_logits"].shape == (16, 10)

"""Examples and commands of a README, for the tests that run them."""

import re
import shlex
from pathlib import Path

import keras_infogan

PACKAGE = Path(keras_infogan.__file__).parent


def python_blocks(readme: Path) -> list[str]:
    """The blocks that are marked as `python`; those marked `py` are not run."""
    return re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)


def commands(readme: Path) -> list[list[str]]:
    """The arguments of each `keras-infogan ...` in the text."""
    text = " ".join(readme.read_text().split())
    return [
        shlex.split(command)
        for command in re.findall(r"`keras-infogan ([^`]+ [^`]+)`", text)
    ]


def missing_links(readme: Path) -> list[str]:
    """The relative links of a README that lead nowhere."""
    links = re.findall(r"\]\(((?!https?:)[^)#]+)", readme.read_text())
    return [link for link in links if not (readme.parent / link).exists()]

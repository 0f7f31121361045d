"""The Python examples and commands of the README run as they are printed."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from keras_infogan import CodeMap
from keras_infogan.training.presets import PRESETS
from tests.helpers.readme import python_blocks

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PRETRAINED, RECIPE, PLAIN = python_blocks(ROOT / "README.md")


def test_pretrained_example():
    """The category in the example generates what the model encodes as it."""
    names: dict[str, Any] = {}
    exec(PRETRAINED, names)
    assert names["sevens"].shape == (16, 28, 28, 1)
    found = names["posterior"]["category_probabilities"].argmax(axis=1)
    assert (found == 1).mean() > 0.9
    code_map = CodeMap.load(ROOT / "saved_models/mnist_code_map.json")
    assert code_map.codes["category"].categories[1].name == "7"


def test_training_examples(mnist_data_dir, tmp_path):
    """They run one after the other, in an empty folder, on few images.

    `scripts/benchmarks/first_result.py` runs the first one as it is printed.
    """
    few = RECIPE.replace('("mnist")', '("mnist", split="train[:2%]")')
    assert few != RECIPE
    code = few + PLAIN + "\nprint(images.shape, posterior.shape)\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "TFDS_DATA_DIR": str(mnist_data_dir)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(16, 28, 28, 1) (5, 10)"
    assert (tmp_path / "infogan.keras").exists()
    assert (tmp_path / "digits.png").exists()


def test_the_first_example_makes_digits():
    """Each category draws one class: at least nine in ten of its images.

    A result of the example as it is printed now, in the time that it names.
    """
    path = ROOT / "scripts/results/first_result.json"
    result = json.loads(path.read_text())
    assert result["example"] == RECIPE
    assert result["seconds"] <= 150
    purity = result["class_and_purity_by_category"]
    assert sorted(number for number, _ in purity) == list(range(10))
    assert min(share for _, share in purity) >= 0.9


def test_commands_parse():
    """Each command of the README is one of the parser's."""
    from keras_infogan.cli.main import _parser

    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    commands = re.findall(r"`keras-infogan ([^`]+)`", README) + [
        line.partition("#")[0].removeprefix("keras-infogan ")
        for line in lines
        if line.startswith("keras-infogan ")
    ]
    assert len(commands) >= 13
    for command in commands:
        _parser().parse_args(command.split())


def test_links_and_paths_exist():
    """In all READMEs and results that the README leads to."""
    pages = [Path("README.md")]
    for page in pages:
        text = (ROOT / page).read_text()
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if link.startswith("http"):
                continue
            target = (ROOT / page.parent / link).resolve()
            assert target.exists(), f"{page}: {link}"
            path = target.relative_to(ROOT)
            if path.suffix == ".md" and path not in pages:
                pages.append(path)
    assert len(pages) >= 5


def test_names_are_in_the_files_that_they_link_to():
    """Such as the registry that a contributor should look for."""
    links = re.findall(r"\[`(\w+)`\]\(([^)]+\.py)\)", README)
    assert len(links) >= 5
    for name, link in links:
        assert re.search(rf"\b{name}\b", (ROOT / link).read_text()), link


def test_every_preset_is_named():
    """In the paragraph on training, which is the only list of them."""
    paragraph = README.split("Presets: ")[1].split("\n\n")[0]
    for name in PRESETS:
        assert f"`{name}`" in paragraph


def test_paths_in_docstrings_of_modules_exist():
    """From the root, or from the package or the module's own folder."""
    package, found = ROOT / "keras_infogan", set()
    for module in package.rglob("*.py"):
        text = ast.get_docstring(ast.parse(module.read_text())) or ""
        text = re.sub(r"https?:\S+", "", text)
        for path in re.findall(r"[\w./-]+\.(?:py|md|sh)\b", text):
            places = (ROOT, package, module.parent)
            assert any((x / path).exists() for x in places), (module, path)
            found.add(path)
    assert "scripts/results/images.md" in found


def test_results_have_a_line_each():
    """By name or by pattern, such as `*_seed_*.json`."""
    folder = ROOT / "scripts/results"
    text = (folder / "README.md").read_text()
    patterns = re.findall(r"[`(]([\w*]+\.\w+)[`)]", text)
    for path in set(folder.iterdir()) - {folder / "README.md"}:
        assert any(map(path.match, patterns)), path


def test_length():
    """People read at most 200 lines."""
    assert len(README.splitlines()) <= 200

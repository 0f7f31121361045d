"""What must hold so that an installed wheel works outside of the checkout."""

import configparser
import hashlib
import importlib.resources
import os
import re
import subprocess
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import keras_infogan
from keras_infogan import checksums

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def setup_cfg():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


def test_the_archives_of_mnist_are_those_of_tfds():
    folder = importlib.resources.files(keras_infogan) / "data" / "mnist"
    url_infos = tfds.builder_cls("mnist").url_infos
    assert len(url_infos) == 4
    for info in url_infos.values():
        content = (folder / info.filename).read_bytes()
        assert hashlib.sha256(content).hexdigest() == info.checksum


def test_all_data_files_are_declared(setup_cfg):
    """A file beside the modules that no pattern matches is not in a wheel."""
    package = ROOT / "keras_infogan"
    patterns = setup_cfg["options.package_data"]["keras_infogan"].split()
    declared = {path for glob in patterns for path in package.glob(glob)}
    data = {
        path
        for path in package.rglob("*")
        if path.suffix != ".py"
        # Another process may write there at this moment.
        and path.parent.name != "__pycache__"
        and path.is_file()
    }
    assert data <= declared


def test_the_version_can_be_read_without_importing():
    """setuptools would else import TensorFlow where there is none."""
    source = (ROOT / "keras_infogan/__init__.py").read_text()
    (version,) = re.findall(r'^__version__ = "(.*)"$', source, re.MULTILINE)
    assert version == keras_infogan.__version__


def test_pyproject_has_the_build_system_alone():
    tables = re.findall(
        r"^\[.*\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert tables == ["[build-system]"]


@pytest.mark.parametrize(
    "script", [".ci/run", "scripts/check.sh", "scripts/quickstart.sh"]
)
def test_scripts_can_be_run(script):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_constraints_fit_what_is_needed(setup_cfg):
    """Each dependency has its version, and a reason or group in setup.cfg."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = dict(
        line.split("==") for line in lines if not line.startswith("#")
    )
    versions = {
        canonicalize_name(name): Version(text) for name, text in pinned.items()
    }
    groups = [setup_cfg["options"]["install_requires"]]
    groups += setup_cfg["options.extras_require"].values()
    needed = [
        Requirement(line)
        for group in groups
        for line in group.splitlines()
        if line and not line.startswith("#")
    ]
    assert len(needed) > 20
    for requirement in needed:
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


def test_packaged_files_have_their_checksums():
    """After a change: `checksums.record(path)`, as scripts/publish.py does."""
    models = ROOT / "saved_models"
    extractors = ROOT / "keras_infogan/evaluation/feature_extractors"
    paths = [
        path
        for folder, suffixes in (
            (models, (".keras", ".onnx", ".json")),
            (extractors, (".keras",)),
        )
        for path in folder.iterdir()
        if path.suffix in suffixes
    ]
    assert len(paths) >= 7
    for path in paths:
        assert checksums.checksum_path(path).exists(), path
        assert checksums.is_intact(path), path


def test_the_changelog_names_the_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert text.split("## ")[1].split()[0] == keras_infogan.__version__


def test_an_old_python_is_refused_in_one_line(tmp_path):
    """The copy has no .venv, and its `PYTHON` is no Python at all."""
    script = tmp_path / "scripts" / "check.sh"
    script.parent.mkdir()
    script.write_text((ROOT / "scripts/check.sh").read_text())
    done = subprocess.run(
        ["bash", script],
        env={**os.environ, "PYTHON": "false"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert re.fullmatch(
        "==> Python 3.11 or newer is needed, .*'false'.*\n", done.stderr
    )

"""What an operator of TensorFlow Serving needs, as files."""

import hashlib
import json
import os
import re
import shlex
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

from keras_infogan.files import atomic_path
from keras_infogan.files import make_readable_folder

# A tag that is known to exist; the newest version need not have an image.
IMAGE = "tensorflow/serving:2.20.0"
POLL_SECONDS = 10
_FILES = (
    "models.config",
    "batching.config",
    "monitoring.config",
    "compose.yaml",
    "kubernetes.yaml",
    "volume.yaml",
    "OPERATING.md",
)
_MARK = "Written by keras-infogan. What follows has the SHA-256"


class Labels(NamedTuple):
    """The version that each label names, None where there is no such label."""

    stable: int
    canary: int | None = None
    previous: int | None = None

    @property
    def versions(self) -> list[int]:
        """All that are to be loaded."""
        return sorted({version for version in self if version is not None})


class ServedModel(NamedTuple):
    """What `models.config` says.

    Attributes:
        name: The name by which clients ask.
        folder: Where the versions are, as seen from the configuration.
        labels: Which version has which label.
    """

    name: str
    folder: str
    labels: Labels


def write_serving_files(
    directory: Path | str,
    *,
    model_name: str,
    model_dir: Path | str,
    stable: int | None = None,
    canary: int | None = None,
    replicas: int = 2,
    max_replicas: int = 8,
) -> list[Path]:
    """Writes the configuration of TensorFlow Serving, and how to use it.

    These are `models.config`, `batching.config`, `monitoring.config`,
    `compose.yaml` for one machine, `kubernetes.yaml` and `volume.yaml` for
    several, and `OPERATING.md`. Writing them again gives the same, or follows
    the arguments; what was changed by hand is not overwritten.

    Args:
        directory: Where they shall be.
        model_name: The name by which clients ask, of letters, digits, `_`, `-`
            and `.`.
        model_dir: The folder of the versions, such as `saved_models/mnist`. The
            files name it as seen from them if it is in `directory`, or in what
            that is in, so that both can be moved together; else by its absolute
            path.
        stable: The version of the label `stable` in a new `models.config`, by
            default 1. Where there is one the labels stay as they are: a server
            that runs refuses to move one to a version that it has not loaded.
            `publish_canary`, `promote_canary` and `roll_back` move them.
        canary: The version of the label `canary`, if there shall be one.
        replicas: How many servers Kubernetes keeps at least.
        max_replicas: How many it may start.

    Returns:
        The paths of the files.

    Raises:
        ValueError: If an argument cannot be, or a version is not there.
        OSError: If a file was changed by hand, or cannot be written.
    """
    directory, model_dir = Path(directory), Path(model_dir).resolve()
    # The names of services of Kubernetes start with a letter.
    pattern = r"[A-Za-z]([A-Za-z0-9_.-]{0,50}[A-Za-z0-9])?"
    if not re.fullmatch(pattern, model_name):
        raise ValueError(
            "`model_name` should be letters, digits, _, - and . of ASCII, at "
            "most 52, with a letter first, and a letter or digit last. "
            f"Received: {model_name!r}."
        )
    if not model_dir.as_posix().isprintable():
        raise ValueError(
            f"`model_dir` should be printable. Received: {str(model_dir)!r}."
        )
    if not 1 <= replicas <= max_replicas:
        raise ValueError(
            "`replicas` should be at least 1 and at most `max_replicas`. "
            f"Received: {replicas} and {max_replicas}."
        )
    if canary is not None and stable is None:
        raise ValueError(
            "`canary` needs `stable`, the version that it is compared with. "
            f"Received: canary={canary}."
        )
    if canary is not None and canary == stable:
        raise ValueError(
            "`canary` should be another version than `stable`. "
            f"Received: {canary} for both."
        )
    labels = Labels(1 if stable is None else stable, canary)
    models_config = directory / "models.config"
    if models_config.exists():
        written = read_models_config(directory).labels
        if stable is not None and labels != written._replace(previous=None):
            raise ValueError(
                f"The labels of {models_config} are moved step by step, by "
                f"scripts/canary.sh. Received: {labels.stable} and "
                f"{labels.canary} for stable and canary, which are "
                f"{written.stable} and {written.canary}. Without a server that "
                "runs with it, remove it, and write it again."
            )
        labels = written
    model = ServedModel(model_name, _seen_from(directory, model_dir), labels)
    contents = {
        name: _mark(name, _render(name, model, replicas, max_replicas))
        for name in _FILES
    }
    _check_versions(directory, model)
    for name in _FILES:
        _check_unchanged(directory / name, contents[name])
    make_readable_folder(directory)
    for name in _FILES:
        _write(directory / name, contents[name])
    return [directory / name for name in _FILES]


def read_models_config(directory: Path | str) -> ServedModel:
    """What a `models.config` says that `write_serving_files` wrote.

    Raises:
        ValueError: If it is not there, or was changed by hand since.
        OSError: If it cannot be read.
    """
    path = Path(directory) / "models.config"
    if not path.is_file():
        raise ValueError(
            "The labels are in the folder that `keras-infogan serve-config` "
            f"wrote. Received: {directory}, without models.config."
        )
    text = path.read_text()
    if not _is_marked(text):
        raise ValueError(
            f"{path} should be as `serve-config` wrote it. Received: one that "
            "was changed by hand. Go on by hand, or move it away and write it "
            "again."
        )
    labels = dict(re.findall(r'key: "(\w+)" value: (\d+)', text))
    (name,) = re.findall(r'^    name: "(.*)"$', text, re.MULTILINE)
    (folder,) = re.findall(r"^# Versions of (.*)$", text, re.MULTILINE)
    return ServedModel(
        name,
        folder,
        Labels(**{label: int(version) for label, version in labels.items()}),
    )


def publish_canary(directory: Path | str, version: int) -> Labels:
    """Has a version loaded beside the stable one, as `canary`.

    The server refuses a whole `models.config`, at each look, if a label that it
    knows moves to a version that is not loaded, and so would never load it. A
    version that was `previous` is the canary alone from then on.
    """
    model = read_models_config(directory)
    if model.labels.canary not in (None, version):
        raise ValueError(
            "There should be no other canary. "
            f"Received: {version}, and {model.labels.canary} is the canary. "
            "Take that away by `rollback`, and wait until the server has read "
            f"it, {POLL_SECONDS} s or more."
        )
    if version == model.labels.stable:
        raise ValueError(
            "A canary is another version than the stable one. "
            f"Received: {version}."
        )
    previous = model.labels.previous
    if previous == version:
        previous = None
    labels = Labels(model.labels.stable, version, previous)
    return _move_labels(directory, model, labels)


def promote_canary(directory: Path | str) -> Labels:
    """Makes the canary stable; the former stable version becomes `previous`."""
    model = read_models_config(directory)
    labels = model.labels
    if labels.canary is None:
        raise ValueError(
            "There should be a canary to promote. "
            f"Received: {directory} with stable={labels.stable} alone. "
            "Publish one first."
        )
    return _move_labels(
        directory, model, Labels(labels.canary, previous=labels.stable)
    )


def roll_back(directory: Path | str) -> Labels:
    """Takes the canary away, or without one makes `previous` stable again.

    The version that was stable becomes `previous` and stays loaded: were it
    unloaded while its label moves, requests between would fail.
    """
    model = read_models_config(directory)
    labels = model.labels
    if labels.canary is not None:
        moved = labels._replace(canary=None)
    elif labels.previous is not None:
        moved = Labels(labels.previous, previous=labels.stable)
    else:
        raise ValueError(
            "There should be a canary or a previous version. "
            f"Received: {directory} with stable={labels.stable} alone."
        )
    return _move_labels(directory, model, moved)


def _move_labels(
    directory: Path | str, model: ServedModel, labels: Labels
) -> Labels:
    model = model._replace(labels=labels)
    _check_versions(directory, model)
    name = "models.config"
    _write(Path(directory) / name, _mark(name, _render(name, model)))
    return labels


def _seen_from(directory: Path, model_dir: Path) -> str:
    """A relative path within the parent of `directory`, else an absolute one.

    Those that start with a dot are paths to compose, not names of volumes.
    """
    here = directory.resolve()
    # All is within the root, but nothing is moved with that.
    if here.parent == here.parent.parent or here.parent not in (
        *model_dir.parents,
        model_dir,
    ):
        return str(model_dir)
    path = os.path.relpath(model_dir, here)
    return path if path.startswith("..") else f"./{path}"


def _check_versions(directory: Path | str, model: ServedModel) -> None:
    folder = (Path(directory) / model.folder).resolve()
    for label, version in model.labels._asdict().items():
        if version is None:
            continue
        path = folder / str(version) / "saved_model.pb"
        if version < 0 or not path.is_file():
            raise ValueError(
                f"{folder} should have the version {version}, which the label "
                f"{label!r} names. Received: no {path}. Export it first, by "
                "`keras-infogan export RUN --saved-model`, or give the folder "
                "that has it."
            )


def _render(
    name: str, model: ServedModel, replicas: int = 0, max_replicas: int = 0
) -> str:
    # Names of Kubernetes have neither capitals nor these.
    resource_name = re.sub(r"[_.]", "-", model.name.lower())
    # To /dev/tcp, as the image has neither curl nor wget. The metadata are of
    # the version of the label; the server's status does not look at labels.
    url = f"/v1/models/{model.name}/labels/stable/metadata"
    probe = (
        "exec 3<>/dev/tcp/127.0.0.1/8501 && "
        f"printf 'GET {url} HTTP/1.0\\r\\n\\r\\n' >&3 && "
        """grep -q '"signature_def"' <&3"""
    )
    named = {
        label: version
        for label, version in model.labels._asdict().items()
        if version is not None
    }
    values = {
        "image": IMAGE,
        "labels": "\n".join(
            f'    version_labels {{ key: "{label}" value: {version} }}'
            for label, version in named.items()
        ),
        "max_replicas": max_replicas,
        "model_dir": model.folder,
        # JSON is YAML; compose takes $ for a variable.
        "model_dir_in_compose": json.dumps(model.folder.replace("$", "$$")),
        "model_name": model.name,
        "poll_seconds": POLL_SECONDS,
        "probe": json.dumps(probe),
        "replicas": replicas,
        "resource_name": resource_name,
        "version_in_shell": shlex.quote(
            f"{model.folder}/{model.labels.stable}"
        ),
        "stable": model.labels.stable,
        "versions": "\n".join(
            f"        versions: {version}" for version in model.labels.versions
        ),
    }
    templates = resources.files("keras_infogan.serving.deploy") / "templates"
    return Template((templates / name).read_text()).substitute(values)


def _mark(name: str, body: str) -> str:
    """The content under a line by which a change by hand is known."""
    mark = f"{_MARK} {hashlib.sha256(body.encode()).hexdigest()}"
    if name.endswith(".md"):
        return f"<!-- {mark} -->\n{body}"
    return f"# {mark}\n{body}"


def _is_marked(text: str) -> bool:
    mark, _, body = text.partition("\n")
    return _MARK in mark and mark in (
        _mark(name, body).partition("\n")[0] for name in ("x", "x.md")
    )


def _check_unchanged(path: Path, content: str) -> None:
    if not os.path.lexists(path):
        return
    text = path.read_text(errors="replace")
    if text != content and not _is_marked(text):
        raise FileExistsError(
            f"{path} should be as `serve-config` wrote it. Received: a file of "
            "somebody else, or one that was changed by hand. Move it away, or "
            "choose another directory."
        )


def _write(path: Path, content: str) -> None:
    with atomic_path(path) as partial:
        partial.write_text(content)
        # For the user of the container, whatever the umask is.
        partial.chmod(0o644)

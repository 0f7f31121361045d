"""Configuration files for an operator of TensorFlow Serving."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

from keras_infogan.files import make_readable_folder
from keras_infogan.files import resolve
from keras_infogan.serving.deploy.labels import MODELS_CONFIG
from keras_infogan.serving.deploy.labels import POLL_SECONDS
from keras_infogan.serving.deploy.labels import Labels
from keras_infogan.serving.deploy.labels import ModelsConfig
from keras_infogan.serving.deploy.labels import is_unedited
from keras_infogan.serving.deploy.labels import read_models_config
from keras_infogan.serving.deploy.labels import render
from keras_infogan.serving.deploy.labels import write

# A tag that is known to exist; not every release of TensorFlow has an image.
IMAGE = "tensorflow/serving:2.20.0"
_TEMPLATES = (
    "batching.config",
    "monitoring.config",
    "compose.yaml",
    "kubernetes.yaml",
    "volume.yaml",
    "OPERATING.md",
)


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
    """Writes configuration files for TensorFlow Serving, and a guide to them.

    The files are `models.config`, `batching.config`, `monitoring.config`,
    `compose.yaml` for a single machine, `kubernetes.yaml` and `volume.yaml` for
    a cluster, and `OPERATING.md`. Calling the function again updates them, but
    never overwrites a file that was edited by hand.

    Args:
        directory: The folder to write to.
        model_name: The name of the model in requests, of letters, digits, `_`,
            `-` and `.`.
        model_dir: The folder of the versions, such as `saved_models/mnist`. The
            files refer to it by a relative path if it is in `directory` or in
            its parent, so that both can be moved together.
        stable: The version with the label `stable`, by default 1. An existing
            `models.config` keeps its labels: `publish_canary`,
            `promote_canary` and `roll_back` move them.
        canary: The version with the label `canary`, if any; needs `stable`.
        replicas: The least number of servers in Kubernetes.
        max_replicas: The largest number.

    Returns:
        The paths of the files.

    Raises:
        ValueError: If an argument is invalid, or a version does not exist.
        OSError: If a file was edited by hand, or cannot be written.
    """
    directory, model_dir = Path(directory), resolve(Path(model_dir))
    _check_arguments(model_name, replicas, max_replicas)
    config = ModelsConfig(
        model_name,
        _relative_path(directory, model_dir),
        _choose_labels(directory, stable, canary),
    )
    values = _template_values(config)
    values |= {"replicas": replicas, "max_replicas": max_replicas}
    contents = {directory / MODELS_CONFIG: config.render()} | {
        directory / name: render(name, values) for name in _TEMPLATES
    }
    config.check_versions(directory)
    for path, content in contents.items():
        _check_replaceable(path, content)
    make_readable_folder(directory)
    for path, content in contents.items():
        write(path, content)
    return [*contents]


def _check_replaceable(path: Path, content: str) -> None:
    """Raises `FileExistsError` if `content` would replace someone's edits."""
    if not path.exists():
        return
    with path.open(errors="replace") as file:
        text = file.read(len(content) + 1_000_000)
    if text != content and not is_unedited(text):
        raise FileExistsError(
            f"{path} should be as `serve-config` wrote it. Received: another "
            "file, or one that was changed by hand. Move it away, or choose "
            "another directory."
        )


def _check_arguments(model_name: str, replicas: int, max_replicas: int) -> None:
    # The name of a Kubernetes service starts with a letter.
    pattern = r"[A-Za-z]([A-Za-z0-9_.-]{0,50}[A-Za-z0-9])?"
    if not re.fullmatch(pattern, model_name):
        raise ValueError(
            "`model_name` should be at most 52 ASCII letters, digits, _, - and "
            "., with a letter first, and a letter or digit last. "
            f"Received: {model_name!r}."
        )
    if not 1 <= replicas <= max_replicas:
        raise ValueError(
            "`replicas` should be at least 1 and at most `max_replicas`. "
            f"Received: {replicas} and {max_replicas}."
        )


def _choose_labels(
    directory: Path, stable: int | None, canary: int | None
) -> Labels:
    """The labels of an existing `models.config`, otherwise the given ones."""
    if canary is not None and stable in (None, canary):
        raise ValueError(
            "`canary` needs `stable`, another version than `canary`. "
            f"Received: canary={canary} and stable={stable}."
        )
    labels = Labels(1 if stable is None else stable, canary)
    path = directory / MODELS_CONFIG
    if not path.exists():
        return labels
    existing = read_models_config(directory).labels
    if stable is not None and labels != existing._replace(previous=None):
        raise ValueError(
            f"The labels of {path} should be moved step by step, with "
            f"`keras-infogan canary`. Received: stable={labels.stable} and "
            f"canary={labels.canary}, which are {existing.stable} and "
            f"{existing.canary}. If no server runs with the file, remove it "
            "and write it again."
        )
    return existing


def _relative_path(directory: Path, model_dir: Path) -> str:
    """A relative path if both move together, otherwise the absolute one."""
    here = resolve(directory)
    # Everything lies within the root, but nothing is moved with it.
    if here.parent == here.parent.parent or here.parent not in (
        *model_dir.parents,
        model_dir,
    ):
        return str(model_dir)
    path = os.path.relpath(model_dir, here)
    # Compose takes relative paths without a dot for names of volumes.
    return path if path.startswith("..") else f"./{path}"


def _template_values(config: ModelsConfig) -> dict[str, Any]:
    # Over /dev/tcp, as the image has neither curl nor wget. The metadata belong
    # to the version of the label; the server's status ignores labels.
    url = f"/v1/models/{config.name}/labels/stable/metadata"
    probe = (
        "exec 3<>/dev/tcp/127.0.0.1/8501 && "
        f"printf 'GET {url} HTTP/1.0\\r\\n\\r\\n' >&3 && "
        """grep -q '"signature_def"' <&3"""
    )
    stable = config.labels.stable
    return {
        "image": IMAGE,
        "model_dir": config.folder,
        # JSON is YAML; compose takes $ for a variable.
        "model_dir_in_compose": json.dumps(config.folder.replace("$", "$$")),
        "model_name": config.name,
        "poll_seconds": POLL_SECONDS,
        "probe": json.dumps(probe),
        # Names in Kubernetes have neither capitals nor these.
        "resource_name": re.sub(r"[_.]", "-", config.name.lower()),
        "stable": stable,
        "version_in_shell": shlex.quote(f"{config.folder}/{stable}"),
    }

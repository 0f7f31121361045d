"""Version labels of TensorFlow Serving, and the steps of a canary release."""

import re
from pathlib import Path
from typing import NamedTuple

from keras_infogan.serving.deploy.generated import is_unedited
from keras_infogan.serving.deploy.generated import render
from keras_infogan.serving.deploy.generated import write

# How often the server reads `models.config`.
POLL_SECONDS = 10
MODELS_CONFIG = "models.config"


class Labels(NamedTuple):
    """The version that each label names; None if there is no such label."""

    stable: int
    canary: int | None = None
    previous: int | None = None

    def named(self) -> dict[str, int]:
        """The versions of the labels that exist."""
        return {
            label: version
            for label, version in self._asdict().items()
            if version is not None
        }


class ModelsConfig(NamedTuple):
    """The content of `models.config`.

    Attributes:
        name: The name of the model in requests.
        folder: The folder of its versions, absolute or relative to the file.
        labels: The labels of its versions.
    """

    name: str
    folder: str
    labels: Labels

    def render(self) -> str:
        """The text of the file; the server loads the labeled versions only."""
        named = self.labels.named()
        versions = [
            f"        versions: {version}"
            for version in sorted(set(named.values()))
        ]
        labels = [
            f'    version_labels {{ key: "{label}" value: {version} }}'
            for label, version in named.items()
        ]
        values = {
            "model_name": self.name,
            "model_dir": self.folder,
            "versions": "\n".join(versions),
            "labels": "\n".join(labels),
        }
        return render(MODELS_CONFIG, values)

    def check_versions(self, directory: Path | str) -> None:
        """Raises `ValueError` if a labeled version was not exported."""
        folder = (Path(directory) / self.folder).resolve()
        for label, version in self.labels.named().items():
            path = folder / str(version) / "saved_model.pb"
            if version < 0 or not path.is_file():
                raise ValueError(
                    f"{folder} should have the version {version}, which the "
                    f"label {label!r} names. Received: no {path}. Export it "
                    "first with `keras-infogan export RUN --saved-model`, or "
                    "give the folder that has it."
                )


def read_models_config(directory: Path | str) -> ModelsConfig:
    """Reads the `models.config` that `write_serving_files` wrote.

    Raises:
        ValueError: If it does not exist or was edited.
        OSError: If it cannot be read.
    """
    path = Path(directory) / MODELS_CONFIG
    if not path.is_file():
        raise ValueError(
            "The directory should be one that `keras-infogan serve-config` "
            f"wrote. Received: {directory}, without models.config."
        )
    text = path.read_text()
    if not is_unedited(text):
        raise ValueError(
            f"{path} should be as `serve-config` wrote it. Received: one that "
            "was changed by hand. Edit its labels by hand, too, or move it "
            "away and write it again."
        )
    labels = dict(re.findall(r'key: "(\w+)" value: (\d+)', text))
    (name,) = re.findall(r'^    name: "(.*)"$', text, re.MULTILINE)
    (folder,) = re.findall(r"^# Versions of (.*)$", text, re.MULTILINE)
    versions = {label: int(version) for label, version in labels.items()}
    return ModelsConfig(name, folder, Labels(**versions))


def publish_canary(directory: Path | str, version: int) -> Labels:
    """Loads a version beside the stable one, with the label `canary`.

    TensorFlow Serving rejects a `models.config` that moves an existing label to
    a version that is not loaded, and then never loads it. So another canary has
    to be rolled back first. If the version was `previous`, it loses that label.

    Returns:
        The new labels.

    Raises:
        ValueError: If there is another canary, or the version is stable or not
            exported.
    """
    config = read_models_config(directory)
    stable, canary, previous = config.labels
    if canary not in (None, version):
        raise ValueError(
            "There should be no other canary. "
            f"Received: {version}, and {canary} is the canary. "
            "Remove it with `rollback`, and wait until the server has read "
            f"that, {POLL_SECONDS} s or more."
        )
    if version == stable:
        raise ValueError(
            "A canary should be another version than the stable one. "
            f"Received: {version}."
        )
    if previous == version:
        previous = None
    return _move(directory, config, Labels(stable, version, previous))


def promote_canary(directory: Path | str) -> Labels:
    """Makes the canary stable; the former stable version becomes `previous`.

    Raises:
        ValueError: If there is no canary.
    """
    config = read_models_config(directory)
    labels = config.labels
    if labels.canary is None:
        raise ValueError(
            "There should be a canary to promote. "
            f"Received: {directory} with stable={labels.stable} alone. "
            "Publish one first."
        )
    moved = Labels(labels.canary, previous=labels.stable)
    return _move(directory, config, moved)


def roll_back(directory: Path | str) -> Labels:
    """Removes the canary; without one, makes `previous` stable again.

    In the second case, the version that was stable becomes `previous` and stays
    loaded: unloading it while its label moves would fail some requests.

    Raises:
        ValueError: If there is neither a canary nor a previous version.
    """
    config = read_models_config(directory)
    labels = config.labels
    if labels.canary is not None:
        moved = labels._replace(canary=None)
    elif labels.previous is not None:
        moved = Labels(labels.previous, previous=labels.stable)
    else:
        raise ValueError(
            "There should be a canary or a previous version. "
            f"Received: {directory} with stable={labels.stable} alone."
        )
    return _move(directory, config, moved)


def _move(
    directory: Path | str, config: ModelsConfig, labels: Labels
) -> Labels:
    config = config._replace(labels=labels)
    config.check_versions(directory)
    write(Path(directory) / MODELS_CONFIG, config.render())
    return labels

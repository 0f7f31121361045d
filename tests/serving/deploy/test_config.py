"""Which files are written, and which are kept."""

import re
import shlex

import pytest

from keras_infogan.serving.deploy.config import write_serving_files
from keras_infogan.serving.deploy.labels import Labels
from keras_infogan.serving.deploy.labels import promote_canary
from keras_infogan.serving.deploy.labels import publish_canary
from tests.helpers.deploy import FILES
from tests.helpers.deploy import kubernetes
from tests.helpers.deploy import labels_of
from tests.helpers.deploy import load


@pytest.mark.usefixtures("closed_umask")
def test_all_files_are_written_for_everyone_to_read(tmp_path, model_dir):
    """The container runs as the user `nobody`."""
    config = tmp_path / "a" / "config"
    write_serving_files(config, model_name="x", model_dir=model_dir)
    assert sorted(path.name for path in config.iterdir()) == FILES
    for path in config.iterdir():
        assert path.stat().st_mode & 0o777 == 0o644
    for path in (config, config.parent):
        assert path.stat().st_mode & 0o777 == 0o755


def test_writing_again_changes_nothing(config, model_dir):
    before = {path.name: path.read_bytes() for path in config.iterdir()}
    write_serving_files(config, model_name="Info_gan", model_dir=model_dir)
    after = {path.name: path.read_bytes() for path in config.iterdir()}
    assert after == before


def test_writing_again_keeps_the_labels(config, model_dir):
    publish_canary(config, 2)
    promote_canary(config)
    write_serving_files(
        config, model_name="Info_gan", model_dir=model_dir, replicas=4
    )
    assert labels_of(config) == {"stable": 2, "previous": 1}
    scaler = kubernetes(config)["HorizontalPodAutoscaler"]["spec"]
    assert scaler["minReplicas"] == 4


def test_labels_can_be_given(tmp_path, model_dir):
    write_serving_files(
        tmp_path, model_name="Info_gan", model_dir=model_dir, stable=3, canary=4
    )
    assert labels_of(tmp_path) == {"stable": 3, "canary": 4}
    # The guide copies that version to the volume of a cluster.
    text = (tmp_path / "OPERATING.md").read_text()
    copy = r"kubectl cp (.*) info-gan-copy:/models/.staging-3\n"
    (copied,) = re.findall(copy, text)
    (source,) = shlex.split(copied)
    assert (tmp_path / source).resolve() == model_dir / "3"


@pytest.mark.parametrize(
    ("directory", "model_dir", "expected"),
    [
        ("ops", "mnist", "../mnist"),
        ("ops", "models/mnist", "../models/mnist"),
        ("ops", "ops/mnist", "./mnist"),
        ("ops/here", "mnist", None),
    ],
)
def test_paths_survive_moving_both_folders(
    directory, model_dir, expected, tmp_path
):
    """Paths are relative if the versions are beside the files or below."""
    before, after = tmp_path / "before", tmp_path / "after"
    for version in ("1", "2"):
        (before / model_dir / version).mkdir(parents=True)
        (before / model_dir / version / "saved_model.pb").touch()
    write_serving_files(
        before / directory, model_name="x", model_dir=before / model_dir
    )
    expected = expected or str(before / model_dir)
    compose = load(before / directory, "compose.yaml")
    volumes = compose["services"]["serving"]["volumes"]
    assert volumes[0]["source"] == expected
    guide = (before / directory / "OPERATING.md").read_text()
    assert f"    {expected}\n" in guide
    before.rename(after)
    if expected.startswith("."):
        labels = publish_canary(after / directory, 2)
        assert labels == Labels(1, canary=2)
        assert str(tmp_path) not in guide
    else:
        with pytest.raises(ValueError, match="give the folder that has it"):
            publish_canary(after / directory, 2)


def test_the_labels_need_versions_in_the_new_folder(config, tmp_path):
    """Only the existing label names the version 2."""
    publish_canary(config, 2)
    (tmp_path / "other" / "1").mkdir(parents=True)
    (tmp_path / "other" / "1" / "saved_model.pb").touch()
    with pytest.raises(ValueError, match="version 2, which the label 'canary'"):
        write_serving_files(
            config, model_name="x", model_dir=tmp_path / "other"
        )


@pytest.mark.parametrize("name", FILES)
def test_edited_files_are_kept(name, config, model_dir):
    """No file is written, neither this one nor another."""
    path = config / name
    path.write_text(path.read_text() + "\n")
    before = {path.name: path.read_bytes() for path in config.iterdir()}
    error = ValueError if name == "models.config" else FileExistsError
    with pytest.raises(error, match="changed by hand"):
        write_serving_files(
            config, model_name="other", model_dir=model_dir, replicas=5
        )
    after = {path.name: path.read_bytes() for path in config.iterdir()}
    assert after == before


def test_other_files_are_kept(tmp_path, model_dir):
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    with pytest.raises(FileExistsError, match="compose.yaml should be as"):
        write_serving_files(tmp_path, model_name="x", model_dir=model_dir)
    assert not (tmp_path / "models.config").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model_name": "a/b"}, "`model_name` should be at most 52"),
        ({"model_name": ""}, "`model_name` should be at most 52"),
        ({"model_name": '"'}, "`model_name` should be at most 52"),
        ({"model_name": "zäh"}, "ASCII letters.* Received: 'zäh'"),
        ({"model_name": "7"}, "a letter first, .* Received: '7'"),
        ({"model_name": "a" * 53}, "at most 52"),
        ({"stable": 7}, "have the version 7, .* Received: no .*saved_m"),
        ({"stable": 1, "canary": 7}, "version 7, which the label 'canary'"),
        ({"canary": 2}, "`canary` needs `stable`"),
        ({"stable": 2, "canary": 2}, "another version than `canary`"),
        ({"replicas": 0}, "`replicas` should be at least 1"),
        ({"replicas": 9}, "at most `max_replicas`. Received: 9 and 8"),
    ],
)
def test_invalid_arguments(options, message, tmp_path, model_dir):
    options = {"model_name": "infogan", "model_dir": model_dir, **options}
    with pytest.raises(ValueError, match=message):
        write_serving_files(tmp_path / "config", **options)
    assert not (tmp_path / "config").exists()

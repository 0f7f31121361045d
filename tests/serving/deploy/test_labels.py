"""Steps of a canary release."""

import json
from pathlib import Path

import pytest

from keras_infogan import checksums
from keras_infogan.serving import ServingError
from keras_infogan.serving.deploy.config import write_serving_files
from keras_infogan.serving.deploy.labels import Labels
from keras_infogan.serving.deploy.labels import promote_canary
from keras_infogan.serving.deploy.labels import publish_canary
from keras_infogan.serving.deploy.labels import read_models_config
from keras_infogan.serving.deploy.labels import roll_back
from tests.helpers.deploy import FILES
from tests.helpers.deploy import labels_of
from tests.helpers.imitated_rest import sends


def test_a_canary_release_step_by_step(config):
    assert publish_canary(config, 2) == Labels(1, canary=2)
    assert labels_of(config) == {"stable": 1, "canary": 2}
    roll_back(config)
    assert labels_of(config) == {"stable": 1}
    publish_canary(config, 3)
    promote_canary(config)
    assert labels_of(config) == {"stable": 3, "previous": 1}
    # Both stay loaded, so no request fails.
    roll_back(config)
    assert labels_of(config) == {"stable": 1, "previous": 3}
    publish_canary(config, 4)
    assert labels_of(config) == {"stable": 1, "canary": 4, "previous": 3}
    assert promote_canary(config) == Labels(4, previous=1)
    assert labels_of(config) == {"stable": 4, "previous": 1}


def test_the_previous_version_as_a_canary(config):
    """It keeps one label, and a promotion ends like any other."""
    publish_canary(config, 2)
    promote_canary(config)
    roll_back(config)
    assert labels_of(config) == {"stable": 1, "previous": 2}
    assert publish_canary(config, 2) == Labels(1, canary=2)
    assert promote_canary(config) == Labels(2, previous=1)


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (lambda d: publish_canary(d, 1), "another version"),
        (lambda d: publish_canary(d, 9), "have the version 9"),
        (lambda d: publish_canary(d, -1), "have the version -1"),
        (
            lambda d: write_with_labels(d, stable=2),
            "canary`. Received: stable=2 and canary=None, which are 1 and None",
        ),
        (
            lambda d: write_with_labels(d, stable=1, canary=2),
            "Received: stable=1 and canary=2, which are 1 and None",
        ),
        (promote_canary, "a canary to promote.*stable=1 alone"),
        (roll_back, "a canary or a previous version"),
    ],
)
def test_invalid_moves_are_refused(move, message, config):
    before = (config / "models.config").read_bytes()
    with pytest.raises(ValueError, match=message):
        move(config)
    assert (config / "models.config").read_bytes() == before


def write_with_labels(directory, **labels):
    model = read_models_config(directory)
    write_serving_files(
        directory,
        model_name=model.name,
        model_dir=directory / model.folder,
        **labels,
    )


def test_no_label_moves_to_a_version_that_is_not_loaded(config):
    """The server would refuse the file at each look, and never load it.

    `UpdateModelVersionLabelMap` of its server_core.cc comes before versions are
    added, and lets labels that are new go to versions that are not loaded.
    """
    publish_canary(config, 2)
    before = (config / "models.config").read_bytes()
    with pytest.raises(ValueError, match="Received: 3, and 2 is the canary"):
        publish_canary(config, 3)
    assert publish_canary(config, 2) == Labels(1, canary=2)
    write_with_labels(config, stable=1, canary=2)
    assert (config / "models.config").read_bytes() == before


def test_an_interrupted_move_changes_nothing(config, monkeypatch):
    """Neither the file nor the folder changes."""
    before = (config / "models.config").read_bytes()

    def cut_off(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises(OSError, match="No space left"):
        publish_canary(config, 2)
    assert (config / "models.config").read_bytes() == before
    assert sorted(path.name for path in config.iterdir()) == FILES


def test_a_promotion_waits_for_the_server(tmp_path, model_dir, rest):
    """It asks for the canary's version; the imitation starts with 1 alone."""
    write_serving_files(
        tmp_path / "config",
        model_name="infogan",
        model_dir=model_dir,
        stable=1,
        canary=3,
    )
    loading = json.dumps(
        {"model_version_status": [{"version": "3", "state": "LOADING"}]}
    )
    rest.failures = [
        sends(404, '{ "error": "Could not find version 3" }'),
        sends(200, loading),
    ]
    url = f"http://127.0.0.1:{rest.port}"
    moved = promote_canary(tmp_path / "config", servers=[url, url])
    assert moved == Labels(3, previous=1)
    paths = [path for _, path, _ in rest.requests]
    assert paths == 4 * ["/v1/models/infogan/versions/3"]


def test_a_promotion_of_a_version_that_does_not_load(config, rest):
    """No label moves."""
    publish_canary(config, 2)
    before = (config / "models.config").read_bytes()
    failed = [
        {
            "version": "2",
            "state": "END",
            "status": {"error_message": "Warm-up failed"},
        }
    ]
    rest.failures = [sends(200, json.dumps({"model_version_status": failed}))]
    with pytest.raises(
        ServingError, match="could not load.*version 2: END Warm-up failed"
    ):
        promote_canary(config, servers=[f"http://127.0.0.1:{rest.port}"])
    assert (config / "models.config").read_bytes() == before


def test_edited_labels_are_not_moved(config):
    path = config / "models.config"
    path.write_text(path.read_text().replace("value: 1", "value: 2"))
    with pytest.raises(ValueError, match="changed by hand"):
        publish_canary(config, 3)


def test_a_damaged_version_gets_no_label(tmp_path, model_dir):
    for version in (1, 2):
        checksums.write_sums(model_dir / str(version))
    (model_dir / "2" / "saved_model.pb").write_text("damaged")
    options = {"model_name": "x", "model_dir": model_dir}
    write_serving_files(tmp_path / "config", stable=1, **options)
    with pytest.raises(
        ValueError, match="2 is damaged: saved_model.pb .* another version"
    ):
        write_serving_files(tmp_path / "other", stable=2, **options)

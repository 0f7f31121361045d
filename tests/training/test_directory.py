"""A run directory belongs to one run, and to one process at a time."""

import json

import pytest

from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.run import check_directory
from keras_infogan.training.run import lock_directory

CONFIG = TrainingConfig()


def test_a_new_directory_gets_the_configuration(tmp_path):
    run_dir = tmp_path / "new" / "run"
    with lock_directory(run_dir, CONFIG):
        content = json.loads((run_dir / "config.json").read_text())
    assert content == CONFIG.to_json()
    check_directory(run_dir, CONFIG)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="files, but no config.json"):
        check_directory(tmp_path, CONFIG)


def test_other_options_are_refused(tmp_path):
    with lock_directory(tmp_path, CONFIG):
        pass
    other = CONFIG.replace(seed=1, beta_1=0.9)
    with pytest.raises(
        ValueError, match=r"\(seed: 0 -> 1; optimizers.beta_1: 0.5 -> 0.9\)"
    ):
        check_directory(tmp_path, other)


@pytest.mark.parametrize(
    ("decay_share", "sentence"),
    [
        (0.5, "decayed over the last 50% of the shorter run"),
        (0.0, "stay constant"),
    ],
)
def test_more_epochs_continue_a_run(decay_share, sentence, tmp_path, caplog):
    """The shorter run becomes one that was stopped: without model and report.

    Fewer epochs, and more with other options, are refused.
    """
    config = CONFIG.replace(epochs=7, decay_share=decay_share)
    with lock_directory(tmp_path, config):
        for name in ("model.keras", "report.json", "log.jsonl"):
            (tmp_path / name).touch()
        checkpoint = tmp_path / "checkpoints" / "step_00000001.weights.h5"
        checkpoint.parent.mkdir()
        checkpoint.touch()
    longer = config.replace(epochs=14)
    with caplog.at_level("INFO"), lock_directory(tmp_path, longer):
        pass
    assert len(caplog.records) == 1
    assert "from 7 to 14 epochs. The learning rates" in caplog.text
    assert sentence in caplog.text
    assert TrainingConfig.load(tmp_path / "config.json") == longer
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {
        ".lock",
        "config.json",
        ".config.json.sha256",
        "log.jsonl",
        "checkpoints",
    }
    for other in (config, longer.replace(epochs=20, seed=1)):
        with pytest.raises(ValueError, match=r"epochs: 14 -> (7|20)"):
            check_directory(tmp_path, other)


def test_a_second_process_is_refused(tmp_path):
    with (
        lock_directory(tmp_path, CONFIG),
        pytest.raises(ValueError, match="Another process is working in"),
        lock_directory(tmp_path, CONFIG),
    ):
        pass
    with lock_directory(tmp_path, CONFIG):
        pass


def test_files_of_a_killed_process_are_removed(tmp_path):
    """One that was killed early must not lock its directory."""
    (tmp_path / ".lock").touch()
    partial = tmp_path / ".partial-7-config.json"
    partial.touch()
    check_directory(tmp_path, CONFIG)
    with lock_directory(tmp_path, CONFIG):
        assert not partial.exists()

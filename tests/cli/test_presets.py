"""`keras-infogan presets`: every preset as JSON."""

from keras_infogan.training.config import TrainingConfig
from keras_infogan.training.presets import PRESETS
from tests.helpers.command_line import run


def test_presets(capfd):
    presets, _ = run(capfd, "presets")
    assert set(presets) == set(PRESETS)
    for content in presets.values():
        TrainingConfig.from_json(content)

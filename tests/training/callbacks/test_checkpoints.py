"""Checkpoints: the newest two, and a model restored from them."""

import numpy as np

from keras_infogan.training.callbacks.checkpoints import Checkpoints
from keras_infogan.training.callbacks.checkpoints import find_checkpoints
from keras_infogan.training.callbacks.checkpoints import restore
from keras_infogan.training.callbacks.steps import RunPosition
from tests.helpers.models import adam
from tests.helpers.models import fit
from tests.helpers.models import tiny_model


def test_newest_two_checkpoints_are_kept(tmp_path):
    model = tiny_model()
    saver = Checkpoints(tmp_path, RunPosition(0, 9, 9), interval=2)
    fit(model, [saver], 9)
    assert [path.name for path in find_checkpoints(tmp_path)] == [
        "step_00000009.weights.h5",
        "step_00000008.weights.h5",
    ]
    copy = tiny_model()
    copy.compile(adam(), adam(), jit_compile=False)
    assert restore(copy, tmp_path) == 9
    for ours, theirs in zip(model.variables, copy.variables, strict=True):
        np.testing.assert_array_equal(
            ours.value.numpy(), theirs.value.numpy(), err_msg=ours.path
        )


def test_restore_of_nothing(tmp_path):
    (tmp_path / "step_5.weights.h5.txt").write_text("not one of ours")
    assert restore(tiny_model(), tmp_path) == 0

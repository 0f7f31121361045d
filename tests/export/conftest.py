"""A published version of each kind of model."""

from dataclasses import replace

import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.export.saved_model import export_saved_model
from tests.helpers.saved_models import KINDS
from tests.helpers.saved_models import Published
from tests.helpers.saved_models import build


@pytest.fixture(scope="package", params=KINDS)
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    kind = KINDS[request.param]
    model = build(kind)
    directory = tmp_path_factory.mktemp("models") / request.param
    path = export_saved_model(
        model,
        directory,
        code_map=CodeMap(),
        model_card="# Digits, äöü\n",
        configuration={"seed": 0},
    )
    if kind.policy != "float32":
        reference = build(replace(kind, policy="float32"))
        reference.set_weights(model.get_weights())
        model = reference
    return Published(path, model, kind)

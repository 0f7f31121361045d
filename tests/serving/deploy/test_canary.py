"""`scripts/canary.sh` and its messages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_infogan.serving.deploy.canary import main as canary
from tests.helpers.deploy import labels_of

SCRIPTS = Path(__file__).parents[3] / "scripts"


def test_the_script(config):
    """As operators run it; the labels are JSON."""
    script = [SCRIPTS / "canary.sh", "publish", "2", "--config", config]
    done = subprocess.run(
        script,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHON": sys.executable},
    )
    assert json.loads(done.stdout) == {
        "stable": 1,
        "canary": 2,
        "previous": None,
    }
    assert labels_of(config) == {"stable": 1, "canary": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["publish"], "publish takes a version"),
        (["promote", "2"], "the other steps do not"),
        (["show", "--config=nope"], "serve-config` wrote. Received: nope, w"),
        (["promote"], "canary.sh: error: There should be a canary"),
        (["rollback"], "canary.sh: error: There should be a canary or"),
    ],
)
def test_the_script_says_what_is_wrong(arguments, message, config, capsys):
    with pytest.raises(SystemExit) as ended:
        canary(["--config", str(config), *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err

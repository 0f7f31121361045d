"""Some of the fault test, with another seed than that of the results."""

import collections
import itertools
import json
import re

import pytest

from keras_infogan.data import sources
from keras_infogan.evaluation import feature_extractor
from scripts import fault_test
from scripts.faults import crafted
from scripts.faults import targets

NUM_FILES = 60
# It is trained anew for each file, which takes seconds.
SLOW = "data/extractors"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (sources, "_MIN_CACHED"),
            (feature_extractor, "_EPOCHS"),
        ):
            patch.setattr(module, name, getattr(module, name))
        targets.make_place(place)
        yield place


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_refused_or_replaced(place):
    """No traceback, and no other result than that of a whole file."""
    good: dict[int, object] = {}
    keys = (f"test-{number}" for number in itertools.count())
    keys = (x for x in keys if SLOW not in fault_test.choose(x)[1].path)
    results = [
        fault_test.try_damage(place, good, key)
        for key in itertools.islice(keys, NUM_FILES)
    ]
    failures = [x for x in results if x["outcome"] in fault_test.FAILURES]
    assert not failures, json.dumps(failures, indent=1)
    counts = collections.Counter(result["outcome"] for result in results)
    # It is no test if nothing is damaged.
    assert counts["refused"] > NUM_FILES / 3
    assert counts["same"] > 0


def test_crafted_files(place):
    """The quick ones; others would stop the tests if they were read."""
    quick = {"run/code_map.json", "run/.config.json.sha256", "run/log.jsonl"}
    slow = re.compile("pipe|zero|gigabyte|MB|million")
    good: dict[int, object] = {}
    results = [
        fault_test.try_crafted(place, good, number)
        for number, case in enumerate(crafted.cases())
        if case.target.path in quick and not slow.search(case.name)
    ]
    failures = [x for x in results if x["outcome"] in fault_test.FAILURES]
    assert not failures, json.dumps(failures, indent=1)
    assert len(results) > 25
    # All is as it was before.
    for number, content in good.items():
        assert targets.TARGETS[number].read(place) == content

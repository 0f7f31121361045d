"""Whatever JSON is in a file, it is read or refused."""

import contextlib
import json

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.json_text import parse_json
from keras_infogan.training.config import TrainingConfig

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["slant", "category", "pose"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(
                ["codes", "categories", "dimensions", "sign", "data", "epochs"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(JSON)
def test_any_json_is_read_or_refused(content):
    """As a code map and as a configuration: no other error."""
    for read in (CodeMap.from_json, TrainingConfig.from_json):
        with contextlib.suppress(ValueError):
            read(content)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_json_or_refused(text):
    with contextlib.suppress(ValueError):
        assert json.loads(text) == parse_json(text)

"""Options: what a field takes, its errors, and the way through JSON."""

import dataclasses
import json
import math
import re
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import pytest

from keras_infogan.options import check_options
from keras_infogan.options import from_plain
from keras_infogan.options import option
from keras_infogan.options import to_plain


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inner:
    size: int = option(1, "how large", minimum=1)

    def __post_init__(self):
        check_options(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outer:
    count: int = option(2, "how many", minimum=0, maximum=9)
    share: float = option(0.5, "how much", minimum=0.0, below=1.0)
    gain: float = option(1.0, "how strong", above=0.0)
    wild: float = option(0.0, "any number")
    color: str = option("red", "which", choices=["red", "blue"])
    name: str = option("x", "called", flag="--called")
    fast: bool = option(default=False, help="whether to hurry")
    names: Sequence[str] = option([], "several")
    weights: Mapping[str, float] = option({}, "by name", minimum=0.0)
    nested: Mapping[str, Mapping[str, float]] = option({}, "twice", above=0.0)
    free: Mapping[str, Any] = option({"a": [1]}, "anything")
    inner: Inner | None = option(None, "another one")

    def __post_init__(self):
        check_options(self)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": -1}, "count should be a whole number of at least 0 and at "
         "most 9. Received: -1."),
        ({"count": 10}, "at most 9. Received: 10."),
        ({"count": 2.0}, "count should be a whole number"),
        ({"count": True}, "Received: True."),
        ({"count": None}, "Received: None."),
        ({"share": 1.0}, "share should be a number of at least 0 and below 1. "
         "Received: 1.0."),
        ({"share": math.nan}, "Received: nan."),
        ({"share": "0.5"}, "Received: '0.5'."),
        ({"gain": 0.0}, "gain should be a number above 0. Received: 0.0."),
        ({"gain": math.inf}, "Received: inf."),
        ({"wild": math.inf}, "wild should be a number. Received: inf."),
        ({"color": "green"}, "color should be one of red, blue. Received: "
         "'green'."),
        ({"color": []}, "one of red, blue. Received: []."),
        ({"name": 5}, "name should be a string. Received: 5."),
        ({"fast": 1}, "fast should be true or false. Received: 1."),
        ({"names": "ab"}, "names should be a list. Received: 'ab'."),
        ({"names": [1]}, "names should be a string. Received: 1."),
        ({"weights": 1}, "weights should be a mapping (a JSON object). "
         "Received: 1."),
        ({"weights": {"a": -1}}, "weights['a'] should be a number of at least "
         "0. Received: -1."),
        ({"nested": {"a": {"b": 0}}}, "nested['a']['b'] should be a number "
         "above 0. Received: 0."),
        ({"nested": {"a": 1}}, "nested['a'] should be a mapping"),
        ({"inner": {"size": 1}}, "inner should be Inner options (a JSON "),
        ({"inner": False}, "inner should be Inner options (a JSON object)"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Outer(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0}, {"count": 9}, {"share": 0}, {"share": 0.999},
        {"gain": 1e-9}, {"wild": -1e30}, {"color": "blue"}, {"fast": True},
        {"names": ("a", "b")}, {"weights": {"a": 0, "b": 2.5}},
        {"nested": {"a": {"b": 1}}}, {"inner": Inner(size=3)},
    ],
)  # fmt: skip
def test_bounds_are_inclusive_or_not_as_they_say(changes):
    """And a value goes through JSON to an equal instance."""
    options = Outer(**changes)
    text = json.dumps(to_plain(options))
    assert from_plain(Outer, json.loads(text)) == options


def test_plain_data():
    options = Outer(names=["a"], inner=Inner(size=2))
    assert options.names == ("a",)
    plain = to_plain(options)
    assert plain["names"] == ["a"]
    assert plain["inner"] == {"size": 2}
    assert list(plain) == [field.name for field in dataclasses.fields(Outer)]
    assert from_plain(Outer, {"inner": {}}) == Outer(inner=Inner())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (5, "Outer should be a mapping (a JSON object). Received: 5."),
        ({"speed": 1, "count": 1}, "Outer should have known options only. "
         "Received: speed. Known: count, share,"),
        ({"inner": {"width": 1}}, "Inner should have known options only. "
         "Received: width. Known: size."),
        ({"inner": [1]}, "Inner should be a mapping"),
        ({"inner": {"size": 0}}, "size should be a whole number of at least 1"),
    ],
)  # fmt: skip
def test_wrong_plain_data_is_refused(content, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        from_plain(Outer, content)


def test_defaults_are_not_shared():
    one, other = Outer(), Outer()
    assert one == other
    assert one.free is not other.free
    assert one.free["a"] is not other.free["a"]


def test_metadata_is_for_the_command_line():
    fields = {field.name: field.metadata for field in dataclasses.fields(Outer)}
    assert fields["count"]["help"] == "how many"
    assert fields["count"]["maximum"] == 9
    assert fields["color"]["choices"] == ["red", "blue"]
    assert fields["name"]["flag"] == "--called"
    assert fields["count"]["flag"] is None


def test_options_need_no_tensorflow():
    """Nor do the classes of options, which the command line reads."""
    code = (
        "import sys, keras_infogan.losses.objective\n"
        "print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"

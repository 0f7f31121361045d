"""JSON of others: limits, and one check of its schema."""

import json
from dataclasses import dataclass
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pytest

from keras_infogan import json_text
from keras_infogan.json_text import MAX_DEPTH
from keras_infogan.json_text import check_schema
from keras_infogan.json_text import parse_json
from keras_infogan.json_text import read_json


@pytest.mark.parametrize(
    "content",
    [None, 1, -(2**63), 2**64 - 1, 1e308, "[{" * 100, '"\\"[', [{"a": [1]}]],
)
def test_what_json_holds_is_read(content):
    assert parse_json(json.dumps(content)) == content
    assert parse_json(json.dumps(content, ensure_ascii=False)) == content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested at most 50 deep. Received: 100000"),
        ('{"a":' * 51 + "1" + "}" * 51, "Received: 51 brackets"),
        ("1" * 5000, "fit into 64 bits. Received: 1{30}\\."),
        (str(2**64), "fit into 64 bits"),
        (str(-(2**63) - 1), "fit into 64 bits"),
        ("1e999", "fit into 64 bits"),
        ("[NaN]", "should be finite. Received: NaN"),
        ("-Infinity", "should be finite"),
        ('{"a": [{"b": 1, "b": 1}]}', "each key once. Received: 'b' twice"),
        ('"\\ud800"', "surrogates not allowed"),
        ('"\udcff"', "surrogates not allowed"),
        (b'"\xff"', "can't decode"),
        ("", "Expecting value"),
    ],
)
def test_what_it_should_not_hold_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_json(text)


def test_the_deepest_that_is_allowed():
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(parse_json(text)) == text


def test_large_files_are_not_read(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    path.write_text(json.dumps("x" * 100))
    assert read_json(path) == "x" * 100
    monkeypatch.setattr(json_text, "MAX_BYTES", 50)
    with pytest.raises(ValueError, match="at most 0 MB"):
        read_json(path)


@dataclass
class Closed:
    number: float = 0.0


class Open(TypedDict):
    name: str | None
    parts: NotRequired[dict[str, list[Closed]]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "X should have `name`"),
        ([], "X should be an object with fields among name, parts"),
        ({"name": 1}, "X.name should be of type str | None. Received: 1"),
        ({"name": "", "parts": []}, r"X.parts should be of type dict\["),
        (
            {"name": "", "parts": {"a": [{"number": True}]}},
            r"X.parts.a\[0\].number should be of type float. Received: True",
        ),
        (
            {"name": "", "parts": {"a": [{}, {"x": 1}]}},
            r"X.parts.a\[1\] should be an object with fields among number",
        ),
    ],
)
def test_schema(content, message):
    check_schema(
        {"name": None, "parts": {"a": [{"number": 1}]}, "more": 1}, Open, "X"
    )
    with pytest.raises(ValueError, match=message):
        check_schema(content, Open, "X")


@pytest.mark.parametrize(
    ("hint", "good", "bad"),
    [
        (None, None, 0),
        (bool, True, 1),
        (int, 1, 1.0),
        (int, 1, True),
        (float, 1, "1"),
        (str, "", None),
        (list[int], [1], [1.5]),
        (dict[str, int], {"a": 1}, {"a": "1"}),
        (int | str, "1", 1.5),
        (Any, object(), None),
    ],
)
def test_kinds(hint, good, bad):
    check_schema(good, hint, "X")
    if hint is Any:
        check_schema(bad, hint, "X")
        return
    with pytest.raises(ValueError, match="^X"):
        check_schema(bad, hint, "X")

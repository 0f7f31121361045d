"""JSON that others may have written: limits, and one check of its schema.

Imports no NumPy, so the serving client can use it.
"""

import collections
import dataclasses
import itertools
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_infogan.files import check_regular

# A report has 12 kB; the log of a run of 1,000,000 steps has 10 MB.
MAX_BYTES = 100_000_000
# Those of this package are 7 deep. Python fails at about 1,000.
MAX_DEPTH = 50

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NOT_A_BRACKET = re.compile(r"[^\[\]{}]+")


def parse_json(text: str | bytes, *, allow_nan: bool = False) -> Any:
    """Parses JSON, if it is safe to.

    Args:
        text: The text; bytes are UTF-8.
        allow_nan: Whether NaN and infinity may be in it.

    Raises:
        ValueError: If it is not JSON, larger than `MAX_BYTES`, nested deeper
            than `MAX_DEPTH`, or has a key twice in an object, a number that
            64 bits cannot hold, or a string that is not Unicode.
    """
    if len(text) > MAX_BYTES:
        raise ValueError(
            f"JSON should have at most {MAX_BYTES / 1e6:.0f} MB. Received: "
            f"{len(text) / 1e6:.0f} MB."
        )
    # Text of the command line may be no Unicode, either.
    text = text.decode() if isinstance(text, bytes) else text.encode().decode()
    brackets = _NOT_A_BRACKET.sub("", _STRING.sub("", text))
    steps = (1 if bracket in "[{" else -1 for bracket in brackets)
    depth = max(itertools.accumulate(steps), default=0)
    if depth > MAX_DEPTH:
        raise ValueError(
            f"JSON should be nested at most {MAX_DEPTH} deep. Received: {depth}"
            " brackets, one in the other."
        )

    def parse_constant(name: str) -> float:
        if not allow_nan:
            raise ValueError(f"Numbers should be finite. Received: {name}.")
        return float(name)

    content = json.loads(
        text,
        object_pairs_hook=_parse_object,
        parse_int=_parse_int,
        parse_float=_parse_float,
        parse_constant=parse_constant,
    )
    if "\\u" in text:
        # Half of a pair of surrogates cannot be printed.
        json.dumps(content, ensure_ascii=False).encode()
    return content


def read_json(path: Path) -> Any:
    """Parses a file; see `parse_json`."""
    check_regular(path)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(
            f"JSON should have at most {MAX_BYTES / 1e6:.0f} MB. Received: "
            f"{path.stat().st_size / 1e6:.0f} MB."
        )
    return parse_json(path.read_bytes())


def _parse_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = collections.Counter(key for key, _ in pairs)
        ((key, _),) = counts.most_common(1)
        raise ValueError(
            f"An object should have each key once. Received: {key!r:.30} twice."
        )
    return content


def _parse_int(text: str) -> int:
    # Not a conversion first, as its time grows with the square of the length.
    if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
        raise ValueError(
            f"Whole numbers should fit into 64 bits. Received: {text[:30]}."
        )
    return int(text)


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(
            f"Numbers should fit into 64 bits. Received: {text[:30]}."
        )
    return number


def check_schema(content: Any, hint: Any, place: str) -> None:
    """Raises a `ValueError` unless parsed JSON is of a type.

    Args:
        content: What `parse_json` returns.
        hint: `None`, `bool`, `int`, `float`, which includes whole numbers,
            `str`, `Any`, `list[X]`, `dict[str, X]`, a union, a `TypedDict`, or
            a dataclass, whose fields may be left out. A `TypedDict` may have
            more fields than it says, a dataclass may not.
        place: What this is, for the message.
    """
    if hint is Any:
        return
    if isinstance(hint, types.UnionType):
        _check_union(content, hint, place)
        return
    if typing.is_typeddict(hint) or dataclasses.is_dataclass(hint):
        _check_object(content, hint, place)
        return
    kind = typing.get_origin(hint) or hint
    accepted: Any = int | float if kind is float else kind or types.NoneType
    is_boolean = isinstance(content, bool)
    if not isinstance(content, accepted) or is_boolean != (kind is bool):
        raise _error(content, hint, place)
    if kind is list:
        (inner,) = typing.get_args(hint)
        for number, item in enumerate(content):
            check_schema(item, inner, f"{place}[{number}]")
    elif kind is dict:
        _, inner = typing.get_args(hint)
        for key, value in content.items():
            check_schema(value, inner, f"{place}.{key}")


def _check_union(content: Any, hint: Any, place: str) -> None:
    kinds = typing.get_args(hint)
    if content is None and types.NoneType in kinds:
        return
    others = [kind for kind in kinds if kind is not types.NoneType]
    # What is wrong inside, if it can be only one.
    if len(others) == 1 and isinstance(content, Mapping | list):
        check_schema(content, others[0], place)
        return
    for kind in others:
        try:
            check_schema(content, kind, place)
        except ValueError:
            continue
        return
    raise _error(content, hint, place)


def _check_object(content: Any, hint: Any, place: str) -> None:
    fields = typing.get_type_hints(hint)
    is_closed = dataclasses.is_dataclass(hint)
    if not isinstance(content, Mapping) or (
        is_closed and not content.keys() <= fields.keys()
    ):
        raise ValueError(
            f"{place} should be an object with fields among "
            f"{', '.join(fields)}. Received: {content!r:.200}."
        )
    for key, inner in fields.items():
        if key in content:
            check_schema(content[key], inner, f"{place}.{key}")
        elif key in getattr(hint, "__required_keys__", ()):
            raise ValueError(
                f"{place} should have `{key}`. Received: {content!r:.200}."
            )


def _error(content: Any, hint: Any, place: str) -> ValueError:
    name = getattr(hint, "__name__", str(hint)) if hint else "None"
    expected = str(hint) if typing.get_args(hint) else name
    return ValueError(
        f"{place} should be of type {expected}. Received: {content!r:.200}."
    )

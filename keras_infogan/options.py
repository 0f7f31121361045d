"""Options: dataclass fields that carry help, bounds, choices and flags.

`check_options` raises errors from them, the command line makes its flags of
them, and `to_plain` and `from_plain` convert a dataclass of options to and
from JSON. Imports no TensorFlow.
"""

import copy
import dataclasses
import json
import math
import operator
import types
import typing
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import TypeVar

Options = TypeVar("Options")

_SCALARS: dict[Any, tuple[str, Any]] = {
    bool: ("true or false", bool),
    int: ("a whole number", int),
    float: ("a number", int | float),
    str: ("a string", str),
}
_LARGEST_INT = 2**31 - 1
_BOUNDS = {
    "minimum": ("of at least", operator.ge),
    "above": ("above", operator.gt),
    "maximum": ("at most", operator.le),
    "below": ("below", operator.lt),
}


def option(
    default: Any,
    help: str,  # noqa: A002
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: Collection[str] | None = None,
    flag: str | Mapping[str, str] | None = None,
) -> Any:
    """Makes a dataclass field that describes itself.

    Bounds and choices apply to the value, or to each value of a mapping.

    Args:
        default: The default. A list or mapping is copied for each instance.
        help: What the option is, for `--help`.
        minimum: The smallest value.
        maximum: The largest value.
        above: A value that it must exceed.
        below: A value that it must stay below.
        choices: All values of a string. Of a registry, later entries, too.
        flag: The command-line flag; `--` and the name of the field by default.
            For a mapping, one flag a key: `{key: flag}`.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "below": below,
        "choices": choices,
        "flag": flag,
    }
    if isinstance(default, list | dict):
        return dataclasses.field(
            default_factory=lambda: copy.deepcopy(default), metadata=metadata
        )
    return dataclasses.field(default=default, metadata=metadata)


def check_options(instance: Any) -> None:
    """Checks a frozen dataclass of options; call it in `__post_init__`.

    Sequences become tuples and mappings become dictionaries, so that an
    instance read from JSON equals one written in Python.

    Raises:
        ValueError: If an option is of another type, out of its bounds or none
            of its choices.
    """
    kinds = typing.get_type_hints(type(instance))
    for field in dataclasses.fields(instance):
        value = getattr(instance, field.name)
        value = _checked(field.name, value, kinds[field.name], field.metadata)
        object.__setattr__(instance, field.name, value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raises a `ValueError` unless a value is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise _error(name, f"one of {', '.join(choices)}", value)


def to_plain(instance: Any) -> dict[str, Any]:
    """Converts a dataclass of options to plain data, as JSON has it."""
    return json.loads(json.dumps(dataclasses.asdict(instance)))


def from_plain(kind: type[Options], content: Any) -> Options:
    """The inverse of `to_plain`; missing options have their defaults.

    Args:
        kind: A dataclass of options; its fields may be such dataclasses too.
        content: A mapping of plain data, perhaps from a file.

    Raises:
        ValueError: If it is no mapping, names an unknown option, or a value is
            refused.
    """
    if not isinstance(content, Mapping):
        raise _error(kind.__name__, "a mapping (a JSON object)", content)
    kinds = typing.get_type_hints(kind)
    unknown = [str(name) for name in content if name not in kinds]
    if unknown:
        raise ValueError(
            # What was received first, as messages may be cut off.
            f"{kind.__name__} should have known options only. "
            f"Received: {', '.join(unknown)}. Known: {', '.join(kinds)}."
        )
    values = dict(content)
    for name, value in content.items():
        inner = _without_none(kinds[name])
        if dataclasses.is_dataclass(inner) and value is not None:
            values[name] = from_plain(typing.cast(type[Any], inner), value)
    return kind(**values)


def _checked(
    name: str, value: Any, kind: Any, metadata: Mapping[str, Any]
) -> Any:
    """The normalized value, or a `ValueError`."""
    inner = _without_none(kind, value)
    is_optional = type(None) in typing.get_args(kind)
    if kind is Any or (value is None and is_optional):
        return value
    origin = typing.get_origin(inner) or inner
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise _error(name, "a mapping (a JSON object)", value)
        _, item = typing.get_args(inner)
        return {
            key: _checked(f"{name}[{key!r}]", one, item, metadata)
            for key, one in value.items()
        }
    if origin is Sequence:
        if not isinstance(value, list | tuple):
            raise _error(name, "a list", value)
        (item,) = typing.get_args(inner)
        return tuple(_checked(name, one, item, metadata) for one in value)
    if choices := metadata.get("choices"):
        check_choice(name, value, choices)
        return value
    if origin not in _SCALARS:
        expected = f"{origin.__name__} options (a JSON object)"
        accepted = isinstance(value, origin)
    else:
        expected, types_ = _SCALARS[origin]
        accepted = isinstance(value, types_)
        if origin in (int, float):
            limits = dict(metadata)
            # TensorFlow counts in 64 bits, which hold products of two. Named
            # only where it matters.
            if origin is int and accepted and value > _LARGEST_INT:
                limits["maximum"] = _LARGEST_INT
            bounds = [
                (*_BOUNDS[key], limits[key])
                for key in _BOUNDS
                if limits.get(key) is not None
            ]
            words = [f"{word} {bound:.10g}" for word, _, bound in bounds]
            expected = " ".join([expected, " and ".join(words)]).rstrip()
            accepted = (
                accepted
                and not isinstance(value, bool)
                and math.isfinite(value)
                and all(compare(value, bound) for _, compare, bound in bounds)
            )
    if not accepted:
        raise _error(name, expected, value)
    return value


def _without_none(kind: Any, value: Any = None) -> Any:
    """`X`, of `X`, of `X | None`, and of `X | Sequence[X]` for one of both."""
    if isinstance(kind, types.UnionType):
        kind, other = typing.get_args(kind)
        if other is not type(None) and isinstance(value, list | tuple):
            return other
    return kind


def _error(name: str, expected: str, value: Any) -> ValueError:
    return ValueError(f"{name} should be {expected}. Received: {value!r}.")

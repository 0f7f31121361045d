"""Options: dataclass fields that know what they take.

A field made by `option` carries its help text, bounds, choices and
command-line flag. `check_options` raises errors from them, the command line
builds its flags from them, and `to_plain` and `from_plain` convert a dataclass
of options to and from JSON. Imports no TensorFlow.
"""

import copy
import dataclasses
import math
import types
import typing
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


def option(
    default: Any,
    help: str,  # noqa: A002
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: Sequence[str] | None = None,
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
        choices: All values of a string.
        flag: The command-line flag; `--` and the name of the field by default.
            For a mapping, one flag a key: `{key: flag}`.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "below": below,
        "choices": None if choices is None else tuple(choices),
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

    Args:
        instance: A dataclass instance whose fields are made by `option`.

    Raises:
        ValueError: If an option is of another type, out of its bounds or none
            of its choices.
    """
    types_ = typing.get_type_hints(type(instance))
    for field in dataclasses.fields(instance):
        value = _checked(
            field.name,
            getattr(instance, field.name),
            types_[field.name],
            field.metadata,
        )
        object.__setattr__(instance, field.name, value)


def _checked(
    name: str, value: Any, kind: Any, metadata: Mapping[str, Any]
) -> Any:
    """The normalized value, or a `ValueError`."""
    kind, is_optional = _unwrap_optional(kind)
    if kind is Any or (value is None and is_optional):
        return value
    origin = typing.get_origin(kind) or kind
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise _error(name, "a mapping (a JSON object)", value)
        _, item = typing.get_args(kind)
        return {
            key: _checked(f"{name}[{key!r}]", inner, item, metadata)
            for key, inner in value.items()
        }
    if origin is Sequence:
        if not isinstance(value, list | tuple):
            raise _error(name, "a list", value)
        (item,) = typing.get_args(kind)
        return tuple(_checked(name, inner, item, metadata) for inner in value)
    if origin not in _SCALARS:
        if not isinstance(value, origin):
            raise _error(
                name, f"{origin.__name__} options (a JSON object)", value
            )
        return value
    what, accepted = _SCALARS[origin]
    if metadata.get("choices"):
        if value not in metadata["choices"]:
            raise _error(
                name, f"one of {', '.join(metadata['choices'])}", value
            )
    elif (
        not isinstance(value, accepted)
        or (isinstance(value, bool) and origin is not bool)
        or not (origin in (bool, str) or _is_within(value, metadata))
    ):
        raise _error(name, what + _describe_bounds(metadata), value)
    return value


def _error(name: str, expected: str, value: Any) -> ValueError:
    return ValueError(f"{name} should be {expected}. Received: {value!r}.")


def _unwrap_optional(kind: Any) -> tuple[Any, bool]:
    """`X` and whether `None` is allowed, of `X` or `X | None`."""
    if isinstance(kind, types.UnionType):
        (inner,) = (
            arg for arg in typing.get_args(kind) if arg is not type(None)
        )
        return inner, True
    return kind, False


def _is_within(value: float, metadata: Mapping[str, Any]) -> bool:
    def bound(name: str, default: float) -> float:
        found = metadata.get(name)
        return default if found is None else found

    return (
        math.isfinite(value)
        and bound("minimum", -math.inf) <= value <= bound("maximum", math.inf)
        and bound("above", -math.inf) < value < bound("below", math.inf)
    )


def _describe_bounds(metadata: Mapping[str, Any]) -> str:
    """Such as " of at least 0 and below 1"; nothing without bounds."""
    words = [
        f"{word} {metadata[name]:.10g}"
        for name, word in (
            ("minimum", "of at least"),
            ("above", "above"),
            ("maximum", "at most"),
            ("below", "below"),
        )
        if metadata.get(name) is not None
    ]
    return f" {' and '.join(words)}" if words else ""


def to_plain(instance: Any) -> dict[str, Any]:
    """The options as plain data, ready for JSON."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value):
            return to_plain(value)
        if isinstance(value, Mapping):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        return value

    return {
        field.name: plain(getattr(instance, field.name))
        for field in dataclasses.fields(instance)
    }


def from_plain(kind: type[Options], content: Any) -> Options:
    """The inverse of `to_plain`; options that are missing are the defaults.

    Args:
        kind: A dataclass of options. A field whose type is another one is read
            likewise.
        content: A mapping of plain data, perhaps from a file.

    Raises:
        ValueError: If it is no mapping, names an unknown option, or a value is
            refused.
    """
    if not isinstance(content, Mapping):
        raise _error(kind.__name__, "a mapping (a JSON object)", content)
    types_ = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    unknown = [str(name) for name in content if name not in known]
    if unknown:
        raise ValueError(
            f"{kind.__name__} should have these options only: "
            f"{', '.join(known)}. Received: {', '.join(unknown)}."
        )
    values = {}
    for name, value in content.items():
        inner, _ = _unwrap_optional(types_[name])
        is_nested = dataclasses.is_dataclass(inner) and value is not None
        values[name] = (
            from_plain(typing.cast(type[Any], inner), value)
            if is_nested
            else value
        )
    return kind(**values)

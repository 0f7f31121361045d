"""From the codes that a person names to the inputs of a served model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.serving.transport import Signature
from keras_infogan.serving.transport import TensorSpec

CodeMap = Mapping[str, Any]


def load_code_map(code_map: CodeMap | Path | str) -> CodeMap:
    """The codes of a code map, by name.

    Args:
        code_map: The content of a `code_map.json`, or its path.

    Returns:
        For each code `type` and `categories` or `dimensions`.

    Raises:
        ValueError: If it is no code map.
        OSError: If the file cannot be read.
    """
    content: Any = code_map
    if isinstance(code_map, Path | str):
        try:
            content = json.loads(Path(code_map).read_text())
        except ValueError as error:
            raise ValueError(
                f"{code_map} should be a code map, as JSON. Received: {error}."
            ) from error
    codes = content.get("codes") if isinstance(content, Mapping) else None
    if not isinstance(codes, Mapping) or not all(
        isinstance(code, Mapping)
        and isinstance(code.get("categories", code.get("dimensions")), list)
        for code in codes.values()
    ):
        raise ValueError(
            "A code map has `codes`, each with `categories` or `dimensions`. "
            f"Received: {str(content)[:200]}."
        )
    return codes


def needs_code_map(signature: Signature, choices: Mapping[str, Any]) -> bool:
    """Whether a choice is no code of `sample`, or has names for numbers."""
    return any(
        choice not in signature.inputs or np.asarray(value).dtype.kind == "U"
        for choice, value in choices.items()
    )


def sample_inputs(
    signature: Signature,
    one_hot: Signature,
    code_map: CodeMap,
    *,
    seeds: np.ndarray,
    choices: Mapping[str, Any],
) -> dict[str, np.ndarray]:
    """Inputs for the signature `sample`, a row for each seed.

    Args:
        signature: The signature: `seed`, and the codes by their names.
        one_hot: The signature `serving_default`, in which categories are rows
            as wide as there are categories.
        code_map: The codes of `load_code_map`.
        seeds: Of `make_seeds`.
        choices: Values by the name of a code, of an attribute, or `digit`.

    Returns:
        An array for each input. Categories that are not chosen take turns, and
        other codes that are not chosen are 0.

    Raises:
        ValueError: If a name or a value is none.
    """
    specs = {
        name: spec for name, spec in signature.inputs.items() if name != "seed"
    }
    num_categories = {
        name: one_hot.inputs[name].row_size
        for name, spec in specs.items()
        if spec.dtype.kind == "i" and name in one_hot.inputs
    }
    _check_code_map(code_map, specs, num_categories)
    count = len(seeds)
    inputs = {"seed": seeds}
    for name, spec in specs.items():
        inputs[name] = (
            np.arange(count, dtype=np.int32) % num_categories.get(name, 1)
            if spec.dtype.kind == "i"
            else np.zeros((count, spec.row_size), spec.dtype)
        )
    chosen: dict[str, set[int | None]] = {}
    for choice, value in choices.items():
        name, index, sign = _find(choice, value, specs, code_map)
        taken = chosen.setdefault(name, set())
        if taken and (index is None or taken & {index, None}):
            raise ValueError(
                f"{choice!r} should not choose the code {name!r} a second time."
                f" Received: {', '.join(choices)}."
            )
        taken.add(index)
        if specs[name].dtype.kind == "i":
            numbers = value
            if choice == "digit" or np.asarray(value).dtype.kind == "U":
                numbers = _categories(name, value, code_map)
            inputs[name] = _rows(choice, numbers, specs[name], count)
            _check_categories(choice, inputs[name], num_categories.get(name))
        elif index is None:
            inputs[name] = _rows(choice, value, specs[name], count)
        else:
            column = TensorSpec(specs[name].dtype, (None,))
            inputs[name][:, index] = sign * _rows(choice, value, column, count)
    for name, values in inputs.items():
        if code_map.get(name, {}).get("type") == "uniform":
            _check_range(name, values)
    return inputs


def make_seeds(seed: npt.ArrayLike, count: int) -> np.ndarray:
    """Int64 array of `count` seeds: `seed` counting up, or one for each.

    Raises:
        ValueError: If `count` or `seed` cannot be.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(
            "`count` should be a whole number of at least 1. "
            f"Received: {count!r}."
        )
    array = np.asarray(seed)
    if (
        array.dtype.kind not in "iu"
        or array.shape not in ((), (count,))
        or array.min() < 0
        or int(array.max()) > np.iinfo(np.int64).max - count
    ):
        raise ValueError(
            "`seed` should be a whole number of at least 0, below 2^63, or "
            f"{count} of them. Received: {seed!r}."
        )
    if array.ndim:
        return array.astype(np.int64)
    return array.astype(np.int64) + np.arange(count)


def _find(
    choice: str, value: Any, specs: Mapping[str, TensorSpec], code_map: CodeMap
) -> tuple[str, int | None, int]:
    """The code that a choice means, and the dimension of it and its sign."""
    if choice in specs:
        return choice, None, 1
    if choice == "digit":
        return find_digit(value, code_map)[0], None, 1
    found = [
        (name, index, int(dimension.get("sign", 1)))
        for name, code in code_map.items()
        for index, dimension in enumerate(code.get("dimensions", []))
        if dimension.get("attribute") == choice
    ]
    if len(found) == 1:
        return found[0]
    attributes = [
        str(dimension["attribute"])
        for code in code_map.values()
        for dimension in code.get("dimensions", [])
        if dimension.get("attribute")
    ]
    raise ValueError(
        f"A choice should name a code ({', '.join(specs)}) or an attribute of "
        f"the code map ({', '.join(attributes) or 'there is none'}) that one "
        f"dimension has. Received: {choice}={value!r}."
    )


def find_digit(value: Any, code_map: CodeMap) -> tuple[str, np.ndarray]:
    """The code whose categories have names, and the numbers of these names.

    Raises:
        ValueError: If there is no such code, or no such name.
    """
    codes = [name for name in code_map if any(_names_of(name, code_map))]
    if len(codes) != 1:
        raise ValueError(
            "`digit` needs a code map in which one code has named categories. "
            f"Received: digit={value!r} and {len(codes)} such codes. Give "
            "`code_map`, or choose the code by its name and a number."
        )
    return codes[0], _categories(codes[0], value, code_map)


def _names_of(code: str, code_map: CodeMap) -> list[str | None]:
    return [
        entry.get("name")
        for entry in code_map.get(code, {}).get("categories", [])
    ]


def _categories(code: str, value: Any, code_map: CodeMap) -> np.ndarray:
    """Numbers of categories that have these names."""
    array = np.asarray(value)
    names = _names_of(code, code_map)
    entries = code_map.get(code, {}).get("categories", [])

    def look_up(name: str) -> int:
        found = [number for number, own in enumerate(names) if own == name]
        if not found:
            raise ValueError(
                f"A category of {code!r} should have the name {name!r}. "
                "Received: none, the names being "
                f"{', '.join(str(own) for own in names) or 'unknown'}. "
                f"Choose {code!r} by number."
            )
        # The surest of those that stand for it, as `CodeMap` has it.
        return max(found, key=lambda n: entries[n].get("confidence") or 0.0)

    return np.reshape([look_up(str(v)) for v in array.ravel()], array.shape)


def _rows(
    choice: str, value: npt.ArrayLike, spec: TensorSpec, count: int
) -> np.ndarray:
    """`value` for each of `count` rows, of the type and shape of `spec`."""
    shape: tuple[int, ...] = (count, *(size or 1 for size in spec.shape[1:]))
    array = np.asarray(value)
    if array.ndim == 1 and shape[1:] == (1,):
        array = array[:, None]
    expected = "whole numbers" if spec.dtype.kind == "i" else "finite numbers"
    kinds = "iu" if spec.dtype.kind == "i" else "iuf"
    fits = array.dtype.kind in kinds
    if fits:
        try:
            rows: np.ndarray = np.broadcast_to(array, shape)
        except ValueError:
            fits = False
    if not fits:
        raise ValueError(
            f"{choice!r} should be {expected} of shape {shape}, or fewer, for "
            f"all rows alike. Received: {str(value)[:100]}."
        )
    limit = (
        np.iinfo(spec.dtype).max
        if spec.dtype.kind == "i"
        else np.finfo(spec.dtype).max
    )
    # NaN fails the comparison, too.
    if not (np.abs(rows.astype(np.float64)) <= limit).all():
        raise ValueError(
            f"{choice!r} should be {expected} of {spec.dtype}. "
            f"Received: {str(value)[:100]}."
        )
    return rows.astype(spec.dtype)


def _check_categories(
    choice: str, numbers: np.ndarray, num_categories: int | None
) -> None:
    if num_categories is not None and not (
        0 <= numbers.min() and numbers.max() < num_categories
    ):
        raise ValueError(
            f"{choice!r} should be from 0 to {num_categories - 1}. "
            f"Received: {numbers.min()} to {numbers.max()}."
        )


def _check_range(name: str, values: np.ndarray) -> None:
    if np.abs(values).max() > 1:
        raise ValueError(
            f"{name!r} is uniform on [-1, 1]. "
            f"Received: {values.min():g} to {values.max():g}."
        )


def _check_code_map(
    code_map: CodeMap,
    specs: Mapping[str, TensorSpec],
    num_categories: Mapping[str, int],
) -> None:
    for name, code in code_map.items():
        size = len(code.get("categories", code.get("dimensions", [])))
        spec = specs.get(name)
        if spec is not None:
            expected = num_categories.get(name, spec.row_size)
            if size == expected:
                continue
        raise ValueError(
            f"The code map should be of the model that is served. Received: "
            f"the code {name!r} of size {size}, which it has not."
        )

"""Inputs of the signature `sample` from codes chosen by name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.serving.signatures import Signature
from keras_infogan.serving.signatures import TensorSpec
from keras_infogan.serving.signatures import to_rows


def needs_code_map(signature: Signature, choices: Mapping[str, Any]) -> bool:
    """Whether a choice names an attribute, a class, or `digit`."""
    return any(
        choice not in signature.inputs or _is_text(value)
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
    """Builds the inputs of the signature `sample`, a row for each seed.

    Args:
        signature: The signature `sample`: `seed`, and the codes by name.
        one_hot: The signature `serving_default`, for the number of categories.
        code_map: The meaning of the codes; empty if unknown.
        seeds: Integers from `make_seeds`.
        choices: Values by the name of a code or of an attribute, or by `digit`.
            Categories that are not chosen take turns; other codes are 0.

    Raises:
        ValueError: If a name is unknown or a value is invalid.
    """
    specs = dict(signature.inputs)
    specs.pop("seed", None)
    num_categories = {
        name: one_hot.inputs[name].row_size
        for name, spec in specs.items()
        if spec.dtype.kind == "i"
    }
    _check_code_map(code_map, specs, num_categories)
    count = len(seeds)
    inputs = {
        name: np.arange(count, dtype=np.int32) % num_categories[name]
        if name in num_categories
        else np.zeros((count, spec.row_size), spec.dtype)
        for name, spec in specs.items()
    }
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
        if choice == "digit" or (_is_text(value) and name in num_categories):
            value = _find_categories(value, code_map, code=name)[1]
        shape = inputs[name].shape if index is None else (count,)
        rows = to_rows(choice, value, inputs[name].dtype, shape)
        if name in num_categories:
            _check_categories(choice, rows, num_categories[name])
        if index is None:
            inputs[name] = rows
        else:
            inputs[name][:, index] = sign * rows
    return {"seed": seeds, **inputs}


def make_seeds(seed: npt.ArrayLike, count: int) -> np.ndarray:
    """Returns `count` int64 seeds: `seed` counting up, or one for each."""
    # True is no number.
    if type(count) is not int or count < 1:
        raise ValueError(
            f"`count` should be an integer of at least 1. Received: {count!r}."
        )
    array = np.asarray(seed)
    if (
        array.dtype.kind not in "iu"
        or array.shape not in ((), (count,))
        or array.min() < 0
        or int(array.max()) > np.iinfo(np.int64).max - count
    ):
        raise ValueError(
            "`seed` should be an integer from 0 to 2^63 - 1, or "
            f"{count} of them. Received: {seed!r}."
        )
    if array.ndim:
        return array.astype(np.int64)
    return array.astype(np.int64) + np.arange(count)


def _find_categories(
    names: Any, code_map: CodeMap, *, code: str | None = None
) -> tuple[str, np.ndarray]:
    """The best code for the first name, unless given, and its categories."""
    array = np.asarray(names)
    numbers = []
    for name in array.ravel():
        code, (best, *_) = code_map.find_categories(str(name), code=code)
        numbers.append(best)
    return str(code), np.reshape(numbers, array.shape)


def _is_text(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "U"


def _find(
    choice: str, value: Any, specs: Mapping[str, TensorSpec], code_map: CodeMap
) -> tuple[str, int | None, int]:
    """The code of a choice, and of an attribute its dimension and its sign."""
    if choice in specs:
        return choice, None, 1
    if choice == "digit":
        return _find_categories(value, code_map)[0], None, 1
    try:
        return code_map.find_dimension(choice)
    except ValueError as error:
        raise ValueError(
            f"A choice should name a code ({', '.join(specs)}) or an attribute."
            f" Received: {choice}={value!r}. {error}"
        ) from error


def _check_categories(choice: str, numbers: np.ndarray, count: int) -> None:
    if numbers.min() < 0 or numbers.max() >= count:
        raise ValueError(
            f"{choice!r} should be from 0 to {count - 1}. "
            f"Received: {numbers.min()} to {numbers.max()}."
        )


def _check_code_map(
    code_map: CodeMap,
    specs: Mapping[str, TensorSpec],
    num_categories: Mapping[str, int],
) -> None:
    for name, meaning in code_map.codes.items():
        if name not in specs or len(meaning) != num_categories.get(
            name, specs[name].row_size
        ):
            raise ValueError(
                "The code map should belong to the served model. Received: "
                f"the code {name!r} of size {len(meaning)}, which the model "
                "does not have."
            )

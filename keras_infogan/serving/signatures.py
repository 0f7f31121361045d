"""Signatures of a served model, and the arrays that fit them."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_infogan.files import one_line
from keras_infogan.serving.transport import unexpected

# Room in a message for names and shapes, in bytes.
_OVERHEAD = 2**16
_DTYPES: dict[str, type] = {
    "DT_FLOAT": np.float32,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_BOOL": np.bool_,
    "DT_STRING": np.object_,
}


class TensorSpec(NamedTuple):
    """Type and shape of an input or output; None stands for the batch."""

    dtype: np.dtype
    shape: tuple[int | None, ...]

    @property
    def row_size(self) -> int:
        """The number of elements in a row."""
        return math.prod(size or 1 for size in self.shape[1:])

    def matches(self, shape: tuple[int, ...], num_rows: int) -> bool:
        """Whether this is the shape of a batch with `num_rows` rows."""
        expected = (num_rows, *self.shape[1:])
        return len(shape) == len(expected) and all(
            wanted in (None, size)
            for wanted, size in zip(expected, shape, strict=True)
        )


class Signature(NamedTuple):
    """The inputs and outputs of a function of the model, by name."""

    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]

    def rows_per_request(
        self, max_batch_size: int, max_message_bytes: int
    ) -> int:
        """The rows of which request and answer fit into a message."""
        largest = max(
            sum(spec.dtype.itemsize * spec.row_size for spec in specs.values())
            for specs in self
        )
        rows = (max_message_bytes - _OVERHEAD) // largest
        if rows < 1:
            raise ValueError(
                "`max_message_bytes` should be enough for one row, which takes "
                f"{largest + _OVERHEAD}. Received: {max_message_bytes}."
            )
        return min(rows, max_batch_size)


class Metadata(NamedTuple):
    """The version that answered, and its signatures by name."""

    version: int
    signatures: dict[str, Signature]

    def signature(self, name: str) -> Signature:
        """A signature; raises `ServingError` if the model lacks it."""
        if name not in self.signatures:
            names = ", ".join(self.signatures)
            raise unexpected(f"a signature {name!r}", names)
        return self.signatures[name]


def parse_metadata(version: Any, signature_defs: Any) -> Metadata:
    """Parses a GetModelMetadataResponse: the version and the signatures."""
    try:
        return Metadata(
            int(version),
            {
                name: Signature(
                    _parse_tensors(definition.get("inputs", {})),
                    _parse_tensors(definition.get("outputs", {})),
                )
                for name, definition in signature_defs.items()
                # Internal functions of TensorFlow: `__saved_model_...`.
                if not name.startswith("__")
            },
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unexpected("signatures of the model", repr(error)) from error


def _parse_tensors(tensors: Mapping[str, Any]) -> dict[str, TensorSpec]:
    return {
        name: TensorSpec(
            np.dtype(_DTYPES[info["dtype"]]),
            tuple(
                None if int(dim.get("size", 0)) < 0 else int(dim["size"])
                for dim in info["tensor_shape"].get("dim", [])
            ),
        )
        for name, info in tensors.items()
    }


def parse_status(response: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """Parses a GetModelStatusResponse: state and error of each version."""
    try:
        return {
            int(entry["version"]): {
                "state": str(entry.get("state", "UNKNOWN")),
                "error": str(entry.get("status", {}).get("error_message", "")),
            }
            for entry in response.get("model_version_status", [])
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unexpected("versions and states", response) from error


def check_inputs(
    inputs: Mapping[str, npt.ArrayLike], specs: Mapping[str, TensorSpec]
) -> dict[str, np.ndarray]:
    """Converts inputs to the types of a signature, or raises `ValueError`."""
    if set(inputs) != set(specs):
        raise ValueError(
            f"The inputs should be {', '.join(specs)}. "
            f"Received: {', '.join(inputs) or 'none'}."
        )
    counts = {len(np.atleast_1d(inputs[name])) for name in specs}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(
            "The inputs should have the same number of rows, at least one. "
            f"Received: {', '.join(map(str, sorted(counts)))}."
        )
    return {
        name: to_rows(
            name,
            inputs[name],
            spec.dtype,
            (*counts, *(size or 1 for size in spec.shape[1:])),
        )
        for name, spec in specs.items()
    }


def to_rows(
    name: str, value: npt.ArrayLike, dtype: np.dtype, shape: tuple[int, ...]
) -> np.ndarray:
    """Broadcasts a value to rows; one for each row may be a flat list.

    Raises:
        ValueError: If shape or type does not fit, or a number is not finite or
            beyond the type.
    """
    if dtype.kind == "O":
        strings = np.asarray(value, object)
        if strings.shape == shape and all(
            isinstance(string, bytes) for string in strings.flat
        ):
            return strings
        raise ValueError(
            f"{name!r} should be a list of `bytes`, one for each row. Received:"
            f" shape={strings.shape} of {type(strings.flat[0]).__name__}."
        )
    array = np.asarray(value)
    is_integer = dtype.kind == "i"
    if array.ndim == 1 and shape[1:] == (1,):
        array = array[:, None]
    fault = f"shape {shape}, or of a shape that broadcasts to it"
    if array.dtype.kind in ("iu" if is_integer else "iuf"):
        with contextlib.suppress(ValueError), np.errstate(over="ignore"):
            wide = np.broadcast_to(array, shape)
            fault = str(dtype)
            rows: np.ndarray = wide.astype(dtype)
            if (rows == wide if is_integer else np.isfinite(rows)).all():
                return rows
    raise ValueError(
        f"{name!r} should be {'integers' if is_integer else 'finite numbers'} "
        f"of {fault}. Received: {one_line(ValueError(value), limit=100)}, "
        f"shape={array.shape}, dtype={array.dtype}."
    )


def check_outputs(
    signature: Signature, outputs: Mapping[str, np.ndarray], num_rows: int
) -> None:
    """Raises `ServingError` unless outputs are finite and as the signature."""
    for name, spec in signature.outputs.items():
        array = outputs[name]
        if not spec.matches(array.shape, num_rows):
            expected = f"{name!r} of shape {(num_rows, *spec.shape[1:])}"
            raise unexpected(expected, f"shape={array.shape}")
        if array.dtype != spec.dtype:
            raise unexpected(f"{spec.dtype} {name!r}", array.dtype)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise unexpected(f"finite {name!r}", "NaN or infinity")

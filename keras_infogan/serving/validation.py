"""What a client for TensorFlow Serving is given, before anything is sent."""

import math
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from keras_infogan.serving.transport import TensorSpec


def split_url(url: str) -> SplitResult:
    """The parts of the address of a server; raises if it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        # As the standard library does, later and in a thread.
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise ValueError(
            f"`url` should be one. Received: {url!r}, {error}."
        ) from error
    if (
        parts.scheme not in ("http", "https", "grpc", "grpcs")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or (parts.path.strip("/") and parts.scheme.startswith("grpc"))
        or not url.isprintable()
        or " " in url
    ):
        raise ValueError(
            "`url` should be like http://host:8501, https://host/prefix, "
            f"grpc://host:8500 or grpcs://host. Received: {url!r}."
        )
    return parts


def check_model(model: str, version: int | None, label: str | None) -> None:
    """Raises if these choose no version of a model."""
    if not model or "/" in model or ":" in model:
        raise ValueError(
            f"`model` should be a name without / and :. Received: {model!r}."
        )
    if version is not None and label is not None:
        raise ValueError(
            "Choose `version` or `label`, not both. "
            f"Received: version={version}, label={label!r}."
        )
    if label is not None and not re.fullmatch(r"[a-zA-Z0-9_]+", label):
        raise ValueError(
            f"`label` should be letters, digits and _. Received: {label!r}."
        )
    if version is not None and version < 0:
        raise ValueError(
            f"`version` should be at least 0. Received: {version}."
        )


def check_certificates(ca_file: Path) -> None:
    """Raises if this is no file of certificates, as PEM."""
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(
            "`ca_file` should be a file of certificates, as PEM. "
            f"Received: {str(ca_file)!r}, {error.strerror or error}."
        ) from error


def check_numbers(
    timeout: float, connect_timeout: float, retries: int, max_batch_size: int
) -> None:
    """Raises if these arguments of a client cannot be."""
    if not (0 < timeout < math.inf and 0 < connect_timeout < math.inf):
        raise ValueError(
            "`timeout` and `connect_timeout` should be seconds, more than 0. "
            f"Received: {timeout!r} and {connect_timeout!r}."
        )
    if retries < 0 or max_batch_size < 1:
        raise ValueError(
            "`retries` should be at least 0, and `max_batch_size` at least 1. "
            f"Received: {retries} and {max_batch_size}."
        )


def check_images(images: np.ndarray) -> None:
    """Raises if images are no floats in [-1, 1]."""
    if images.dtype.kind != "f" or not images.size:
        raise ValueError(
            "`images` should be floats in [-1, 1], at least one image. "
            f"Received: shape={images.shape}, dtype={images.dtype}. "
            "Scale bytes by x / 127.5 - 1."
        )
    # A thousandth, as resizing may overshoot; NaN fails the comparison.
    if not np.abs(images).max() <= 1.001:
        raise ValueError(
            "`images` should be in [-1, 1]. "
            f"Received: {images.min():g} to {images.max():g}."
        )


def check_inputs(
    inputs: Mapping[str, npt.ArrayLike], specs: Mapping[str, TensorSpec]
) -> dict[str, np.ndarray]:
    """The inputs of a signature, in its types.

    Args:
        inputs: An array for each input.
        specs: The inputs of the signature, by name.

    Raises:
        ValueError: If a name, shape, type or value is another.
    """
    if set(inputs) != set(specs):
        raise ValueError(
            f"The inputs should be {', '.join(specs)}. "
            f"Received: {', '.join(inputs) or 'none'}."
        )
    arrays: dict[str, np.ndarray] = {}
    for name, spec in specs.items():
        array = np.asarray(inputs[name])
        num_rows = len(next(iter(arrays.values()), array)) if array.ndim else 0
        shape = (num_rows, *spec.shape[1:])
        if (
            not num_rows
            or len(array.shape) != len(shape)
            or any(
                wanted not in (None, size)
                for wanted, size in zip(shape, array.shape, strict=True)
            )
            or array.dtype.kind not in {"f": "fiu", "i": "iu"}[spec.dtype.kind]
        ):
            raise ValueError(
                f"{name!r} should be {spec.dtype} of shape "
                f"({num_rows or 'rows'}, "
                f"{', '.join(str(size) for size in spec.shape[1:])}). "
                f"Received: shape={array.shape}, dtype={array.dtype}."
            )
        with np.errstate(over="ignore"):
            arrays[name] = array.astype(spec.dtype)
        if spec.dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise ValueError(
                f"{name!r} should be finite. Received: NaN or infinity."
            )
        if spec.dtype.kind == "i" and not (arrays[name] == array).all():
            raise ValueError(
                f"{name!r} should be within {spec.dtype}. "
                f"Received: {array.min()} to {array.max()}."
            )
    return arrays

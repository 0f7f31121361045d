"""Validation of the arguments of a client, before anything is sent."""

import math
import re
import ssl
from pathlib import Path
from urllib.parse import SplitResult
from urllib.parse import urlsplit


def split_url(url: str) -> SplitResult:
    """Splits the address of a server; raises `ValueError` if it is invalid."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        # The standard library would fail here later, in a thread.
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise ValueError(
            f"`url` should be a valid URL. Received: {url!r}, {error}."
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


def check_model(model: str, version: int | None, label: str | None) -> str:
    """Returns `model`; raises `ValueError` if these select no version of it."""
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
    return model


def check_certificates(ca_file: Path | str | None) -> Path | None:
    """Returns the path; raises `ValueError` unless it holds certificates."""
    if ca_file is None:
        return None
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(
            "`ca_file` should be a PEM file of certificates. "
            f"Received: {str(ca_file)!r}, {error.strerror or error}."
        ) from error
    return Path(ca_file)


def check_numbers(
    timeout: float, connect_timeout: float, retries: int, max_batch_size: int
) -> None:
    """Raises `ValueError` if a number is out of its range."""
    if not (0 < timeout < math.inf and 0 < connect_timeout < math.inf):
        raise ValueError(
            "`timeout` and `connect_timeout` should be greater than 0 seconds. "
            f"Received: {timeout!r} and {connect_timeout!r}."
        )
    if retries < 0 or max_batch_size < 1:
        raise ValueError(
            "`retries` should be at least 0, and `max_batch_size` at least 1. "
            f"Received: {retries} and {max_batch_size}."
        )

"""The kinds of latent codes, one file each, and their registry."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from keras_infogan.latents.code import Code as Code
from keras_infogan.latents.codes.bernoulli import Bernoulli as Bernoulli
from keras_infogan.latents.codes.categorical import Categorical as Categorical
from keras_infogan.latents.codes.circular import Circular as Circular
from keras_infogan.latents.codes.normal import Normal as Normal
from keras_infogan.latents.codes.uniform import Uniform as Uniform

# By the type that a configuration names, which is also the name of the file.
CODES: dict[str, type[Code]] = {
    "categorical": Categorical,
    "uniform": Uniform,
    "normal": Normal,
    "bernoulli": Bernoulli,
    "circular": Circular,
}


def code_config(code: Code) -> dict[str, Any]:
    """Returns a code as plain data: its `type` and its fields.

    Fields that are `None`, as they are by default, are left out.
    """
    types = {kind: name for name, kind in CODES.items()}
    # mypy does not know that every kind is a data class.
    fields = asdict(code)  # type: ignore[call-overload]
    given = {name: one for name, one in fields.items() if one is not None}
    return {"type": types[type(code)], **given}


def code_from_config(name: str, config: Any) -> Code:
    """The inverse of `code_config`; `name` is for errors.

    Fields with defaults may be left out.
    """
    fields = dict(config) if isinstance(config, Mapping) else {}
    kind = fields.pop("type", None)
    if not isinstance(kind, str) or kind not in CODES:
        raise ValueError(
            f"The type of the code {name!r} should be one of "
            f"{', '.join(CODES)}. Received: {config!r}."
        )
    signature = inspect.signature(CODES[kind])
    try:
        signature.bind(**fields)
    except TypeError:
        raise ValueError(
            f"The code {name!r} of type {kind} takes "
            f"{' and '.join(signature.parameters) or 'no options'}. "
            f"Received: {config!r}."
        ) from None
    return CODES[kind](**fields)

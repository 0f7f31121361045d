"""The kinds of latent codes, one file each, and their registry."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import fields
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

    A field that a kind got later has the metadata `omit`: the value that means
    what files without it mean, and that is left out.
    """
    types = {kind: name for name, kind in CODES.items()}
    # mypy does not know that every kind is a data class.
    data: dict[str, Any] = asdict(code)  # type: ignore[call-overload]
    for field in fields(code):  # type: ignore[arg-type]
        if "omit" in field.metadata:
            if data[field.name] == field.metadata["omit"]:
                del data[field.name]
    return {"type": types[type(code)], **data}


def code_from_config(name: str, config: Any) -> Code:
    """The inverse of `code_config`; `name` is for errors.

    Fields with defaults may be left out.
    """
    given = dict(config) if isinstance(config, Mapping) else {}
    kind = given.pop("type", None)
    if not isinstance(kind, str) or kind not in CODES:
        raise ValueError(
            f"The type of the code {name!r} should be one of "
            f"{', '.join(CODES)}. Received: {config!r}."
        )
    signature = inspect.signature(CODES[kind])
    try:
        signature.bind(**given)
    except TypeError:
        raise ValueError(
            f"The code {name!r} of type {kind} takes "
            f"{' and '.join(signature.parameters) or 'no options'}. "
            f"Received: {config!r}."
        ) from None
    return CODES[kind](**given)

"""The inputs of the generator: noise and latent codes.

Here is what the command line knows of the kinds of codes without TensorFlow.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# One file a kind, so that the command line can list them without TensorFlow.
CODE_TYPES = tuple(
    sorted(path.stem for path in Path(__file__).parent.glob("codes/[a-z]*.py"))
)
# Of the kinds that have categories, the field that says how many.
CATEGORY_FIELDS = {"categorical": "num_categories"}


def find_categorical(user: str, has_categories: Mapping[str, bool]) -> str:
    """The first code that has categories, by the name of each code.

    Raises:
        ValueError: If there is none; it says that `user` needs one.
    """
    for name, is_categorical in has_categories.items():
        if is_categorical:
            return name
    raise ValueError(
        f"{user} should come with a categorical code. "
        f"Received: {', '.join(has_categories)}, none of them categorical."
    )


def with_num_categories(
    codes: Mapping[str, Mapping[str, Any]], num_categories: int
) -> dict[str, Mapping[str, Any]]:
    """Codes as plain data, with so many categories in the first that has any.

    Raises:
        ValueError: If no code has categories.
    """
    # As text, because a wrong type may be a list.
    kinds = {name: str(code.get("type")) for name, code in codes.items()}
    name = find_categorical(
        "num_categories",
        {name: kind in CATEGORY_FIELDS for name, kind in kinds.items()},
    )
    field = CATEGORY_FIELDS[kinds[name]]
    return {**codes, name: {**codes[name], field: num_categories}}

"""Where a model and what belongs to it lie: a run, a file, or a published name.

Imports no TensorFlow.
"""

from pathlib import Path

# In a checkout a link to `saved_models/`.
_FOLDER = Path(__file__).parent / "pretrained"


def published_names() -> list[str]:
    """The names of the models that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.keras"))


def find_model(run: Path | str) -> Path:
    """The `.keras` file of a run directory, a file, or a published name.

    Raises:
        ValueError: If there is none.
    """
    path = Path(run)
    if path.is_dir():
        path = path / "model.keras"
    elif not path.exists():
        path = _published(str(run)) or path
    if path.is_file():
        return path
    if (path.parent / "config.json").is_file() and path != Path(run):
        raise ValueError(
            "Expected a finished run. Received: "
            f"{run}, which is not complete, as it has no {path.name}. The same "
            "`keras-infogan train` command again resumes it."
        )
    names = ", ".join(published_names()) or "there is none"
    without = "no file" if path == Path(run) else f"without {path.name}"
    raise ValueError(
        "Expected the directory of a finished run, a .keras file, or the name "
        f"of a published model ({names}). Received: {run}, {without}. "
        "`keras-infogan train` makes a run."
    )


def find_companion(run: Path | str, name: str) -> Path | None:
    """A file that belongs to a model, such as `code_map.json`.

    In a run directory it has that name; beside a file `x.keras`, and for a
    published model, it is `x_code_map.json`.
    """
    path = Path(run)
    if path.is_dir():
        path = path / name
    else:
        model = path if path.exists() else _published(str(run)) or path
        path = model.with_name(f"{model.stem}_{name}")
    return path if path.is_file() else None


def _published(name: str) -> Path | None:
    path = _FOLDER / f"{name}.keras"
    # The name alone, not a path that leads elsewhere.
    return path if path.parent == _FOLDER and path.is_file() else None

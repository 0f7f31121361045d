"""Trained models: finding, loading, and the files that belong to them.

A model is the directory of a finished run, a `.keras` file, or the name of a
pretrained model that comes with the package. Only `load_model` imports Keras.
"""

import importlib.util
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from keras_infogan.files import one_line

if TYPE_CHECKING:
    from keras_infogan.models.infogan import InfoGAN

# In a checkout, a link to the folder at the top.
_FOLDER = Path(__file__).parent / "saved_models"


def pretrained_names() -> list[str]:
    """The names of the pretrained models that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.keras"))


def find_model(run: Path | str) -> Path:
    """Finds the `.keras` file of a model; raises a `ValueError` for none."""
    path = Path(run)
    if path.is_dir():
        path = path / "model.keras"
    elif not path.exists():
        path = _find_pretrained(str(run)) or path
    if path.is_file():
        return path
    if (path.parent / "config.json").is_file() and path != Path(run):
        raise ValueError(
            f"Expected a finished run. Received: {run}, which has no "
            f"{path.name} yet. Repeat its `keras-infogan train` command to "
            "resume it."
        )
    names = ", ".join(pretrained_names()) or "there is none"
    without = "no file" if path == Path(run) else f"without {path.name}"
    raise ValueError(
        "Expected the directory of a finished run, a .keras file, or the name "
        f"of a pretrained model ({names}). Received: {run}, {without}. "
        "`keras-infogan train` makes a run."
    )


def find_companion(run: Path | str, name: str) -> Path | None:
    """Finds a file that belongs to a model, such as `code_map.json`.

    A run directory has a file of that name. Beside a file `x.keras`, and for a
    pretrained model `x`, it is `x_code_map.json`.
    """
    path = Path(run)
    if path.is_dir():
        path = path / name
    else:
        model = path if path.exists() else _find_pretrained(str(run)) or path
        path = model.with_name(f"{model.stem}_{name}")
    return path if path.is_file() else None


def find_onnx(run: Path | str) -> tuple[Path, Path] | None:
    """Finds the ONNX files of a pretrained model: generator and encoder.

    They are made of its `.keras` file, and a release has the three of the same
    model. Those of a run are not taken, as the run may have been continued.

    Returns:
        None if there are none, or ONNX Runtime is not installed.
    """
    model = None if Path(run).exists() else _find_pretrained(str(run))
    if model is None or importlib.util.find_spec("onnxruntime") is None:
        return None
    paths = (
        model.with_suffix(".onnx"),
        model.with_name(f"{model.stem}_encoder.onnx"),
    )
    return paths if all(path.is_file() for path in paths) else None


def load_model(run: Path | str) -> "InfoGAN":
    """Loads a trained model.

    Args:
        run: A run directory, a `.keras` file, or the name of a pretrained
            model such as `"mnist"`.

    Raises:
        ValueError: If there is none, or it is not an InfoGAN of this version.
    """
    path = find_model(run)
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} should be a Keras model, which is a zip file. "
            "Received: a file that is not one, or is truncated."
        )
    import keras

    # Registers the classes that the file names.
    from keras_infogan.models.infogan import InfoGAN

    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} should be an InfoGAN of this version. "
            f"Received: {one_line(error)}"
        ) from error
    if not isinstance(model, InfoGAN):
        raise ValueError(
            f"{path} should be an InfoGAN. Received: {type(model).__name__}."
        )
    return model


def _find_pretrained(name: str) -> Path | None:
    path = _FOLDER / f"{name}.keras"
    # The name alone, not a path that leads elsewhere.
    return path if path.parent == _FOLDER and path.is_file() else None

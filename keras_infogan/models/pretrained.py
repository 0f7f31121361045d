"""Trained models: finding, loading, and the files that belong to them.

A model is the directory of a finished run, a `.keras` file, or the name of a
pretrained model that comes with the package. Only `load_model` imports Keras.
"""

import importlib.util
import math
import os
import zipfile
from pathlib import Path
from typing import IO
from typing import TYPE_CHECKING
from typing import Any

from keras_infogan import checksums
from keras_infogan.files import one_line
from keras_infogan.json_text import parse_json

if TYPE_CHECKING:
    from keras_infogan.models.infogan import InfoGAN

# In a checkout, a link to the folder at the top.
_FOLDER = Path(__file__).parent / "saved_models"
# The parts of a .keras file that describe it; that of `mnist` has 26 kB.
_MAX_DESCRIPTION = 10_000_000
# All that Keras writes of models without assets.
_MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
# A small file may unpack to one that fills the memory. Weights hardly shrink.
_MAX_RATIO = 20


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


def check_run(run: Path | str, path: Path) -> None:
    """Raises a `ValueError` if a file is of another run than a model.

    Args:
        run: See `load_model`.
        path: The file of the model, or a companion.
    """
    if path.name == "model.keras":
        run = path.parent
    config = find_companion(run, "config.json")
    if config is None:
        return
    remedy = "Put that of this run back, or move it away and {}."
    if path.suffix == ".keras":
        remedy = remedy.format(
            "repeat the `keras-infogan train` command of the run, which makes "
            "it from the newest checkpoint"
        )
    else:
        remedy = remedy.format(f"`keras-infogan evaluate {run}` writes it")
    checksums.check_run(path, checksums.find_run(config), remedy)


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
        ValueError: If there is none, it is damaged, of another run than the
            `config.json` beside it, or not an InfoGAN of this version, or its
            weights have NaN or infinity.
    """
    path = find_model(run)
    remedy = _remedy(path)
    checksums.check(path, remedy)
    check_run(run, path)
    try:
        _check_archive(path)
    # zipfile raises errors of all types for damaged files.
    except Exception as error:
        raise ValueError(
            f"{path} should be a Keras model, which is a zip file. "
            f"Received: {one_line(error).rstrip('.')}. {remedy}"
        ) from error
    import keras

    # Registers the classes that the file names.
    from keras_infogan.models.infogan import InfoGAN

    try:
        model = keras.saving.load_model(path, safe_mode=True)
    # So does Keras, for configurations that are not of its making.
    except Exception as error:
        raise ValueError(
            f"{path} should be an InfoGAN of this version. "
            f"Received: {one_line(error).rstrip('.')}. {remedy}"
        ) from error
    if not isinstance(model, InfoGAN):
        raise ValueError(
            f"{path} should be an InfoGAN. Received: {type(model).__name__}."
        )
    if broken := model.find_broken_variables():
        raise ValueError(
            f"{path} should have finite weights. Received: NaN or infinity in "
            f"{broken[0]} and {len(broken) - 1} other variables. Train again "
            "with lower learning rates, or without mixed_float16."
        )
    return model


def is_whole(path: Path) -> bool:
    """Whether a `.keras` file is undamaged, as far as can be told.

    By its checksum and, as those of version 0.1 have none, by those of zip.
    """
    try:
        if not checksums.is_intact(path):
            return False
        _check_archive(path)
    except Exception:
        return False
    return True


def _remedy(path: Path) -> str:
    """What helps if a model is damaged."""
    if (path.parent / "config.json").is_file():
        return (
            "Repeat the `keras-infogan train` command of the run, which makes "
            "it again from the newest checkpoint."
        )
    return "Replace it with an undamaged copy."


def _check_archive(path: Path) -> None:
    """Raises an error for a zip file that is damaged or would grow too large.

    What is packed beside the weights is read only if it is small JSON.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        names = sorted(entry.filename for entry in entries)
        if names != sorted(_MEMBERS):
            raise ValueError(
                f"It should have {', '.join(_MEMBERS)}, once each. Received: "
                f"{', '.join(names):.200}."
            )
        size = sum(entry.file_size for entry in entries)
        limit = _MAX_RATIO * path.stat().st_size + _MAX_DESCRIPTION
        if size > limit:
            raise ValueError(
                f"It should unpack to at most {limit / 1e6:.0f} MB. "
                f"Received: {size / 1e6:.0f} MB."
            )
        for name in ("metadata.json", "config.json"):
            if archive.getinfo(name).file_size > _MAX_DESCRIPTION:
                raise ValueError(f"{name} should be smaller.")
            parse_json(archive.read(name))
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} in it is damaged.")
        with archive.open("model.weights.h5") as weights:
            check_weights(weights)


def check_weights(file: IO[bytes]) -> None:
    """Raises a `ValueError` if HDF5 would unpack to much more than it stores.

    Keras would ask for the memory before it compares shapes.
    """
    import h5py

    limit = _MAX_RATIO * file.seek(0, os.SEEK_END) + _MAX_DESCRIPTION
    sizes = []

    def add_size(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            sizes.append(math.prod(item.shape) * item.dtype.itemsize)

    with h5py.File(file) as content:
        content.visititems(add_size)
    if sum(sizes) > limit:
        raise ValueError(
            f"Its weights should have at most {limit / 1e6:.0f} MB. "
            f"Received: {sum(sizes) / 1e6:.0f} MB."
        )


def load_keras_file(path: Path) -> Any:
    """Loads a `.keras` file of any model, after the checks of `load_model`.

    Raises:
        ValueError: If it is damaged.
    """
    import keras

    if not is_whole(path):
        raise ValueError(f"{path} is damaged.")
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except Exception as error:
        raise ValueError(f"{path}: {one_line(error)}") from error


def _find_pretrained(name: str) -> Path | None:
    path = _FOLDER / f"{name}.keras"
    # The name alone, not a path that leads elsewhere.
    return path if path.parent == _FOLDER and path.is_file() else None

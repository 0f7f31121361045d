"""Exports a trained model in every form, into one folder."""

import functools
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_infogan import checksums
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.export.explorer.build import export_explorer
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.export.saved_model import export_saved_model
from keras_infogan.models.infogan import InfoGAN

GENERATOR, ENCODER = "generator.onnx", "encoder.onnx"
EXPLORER = "explorer.html"


def export_everything(
    model: InfoGAN,
    directory: Path,
    name: str,
    *,
    source: str,
    code_map: CodeMap | None = None,
    model_card: str | None = None,
    configuration: Mapping[str, Any] | None = None,
    seeds: Sequence[int] | None = None,
) -> dict[str, Path | ValueError]:
    """Writes SavedModel, ONNX files and explorer, as far as each is possible.

    Args:
        model: The model.
        directory: The folder, created if missing. It holds `<name>/<version>`,
            of which a further one is added, `generator.onnx`, `encoder.onnx`
            and `explorer.html`, which are replaced. The explorer is written
            last: with it, the folder is complete.
        name: The name of the model for TensorFlow Serving.
        source: What `load_model` takes to load the model.
        code_map: The meaning of each code.
        model_card: A model card in Markdown.
        configuration: The training configuration.
        seeds: Those of the explorer's noise; see `export_explorer`.

    Returns:
        The path of each, in this order, or the error that says why it cannot
        be written: an extra is not installed, or a layer has no counterpart.

    Raises:
        OSError: If a file cannot be written.
    """
    described: Any = {"code_map": code_map, "model_card": model_card}
    generator, encoder = directory / GENERATOR, directory / ENCODER

    def explore() -> Path:
        if not (generator.exists() and encoder.exists()):
            raise ValueError("It is made of the ONNX files.")
        return export_explorer(
            generator,
            encoder,
            directory / EXPLORER,
            title=f"InfoGAN explorer: {name}",
            model=source,
            seeds=seeds,
        )

    exports: dict[str, Callable[[], Path]] = {
        "SavedModel": functools.partial(
            export_saved_model,
            model,
            directory / name,
            configuration=configuration,
            **described,
        ),
        "ONNX generator": functools.partial(
            export_onnx, model, generator, **described
        ),
        "ONNX encoder": functools.partial(
            export_onnx_encoder, model, encoder, **described
        ),
        "explorer": explore,
    }
    remove_files(directory)
    result: dict[str, Path | ValueError] = {}
    for kind, export in exports.items():
        try:
            result[kind] = export()
        except ValueError as error:
            result[kind] = error
    return result


def remove_files(directory: Path) -> None:
    """Removes what `export_everything` has written, but the SavedModel."""
    for name in (EXPLORER, ENCODER, GENERATOR):
        checksums.remove(directory / name)

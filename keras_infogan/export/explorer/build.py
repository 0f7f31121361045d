"""A page that draws with the generator and reads drawings with the encoder.

It holds everything: both networks, the runtime for them, and the program, whose
JavaScript modules are in the folder `explorer`. It needs no network and no
server.
"""

import base64
import gzip
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.files import atomic_path
from keras_infogan.files import check_writable
from keras_infogan.files import is_partial
from keras_infogan.files import one_line

_SOURCES = Path(__file__).parent / "page"
_RUNTIME_FILES = Path(__file__).parent / "runtime"
_RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
_ASSETS = (*_RUNTIME, "generator.onnx", "encoder.onnx", "licenses.txt")
_METADATA = "keras_infogan."


def export_explorer(
    generator_path: Path | str,
    encoder_path: Path | str,
    output: Path | str,
    *,
    code_map: Mapping[str, Any] | None = None,
    title: str = "InfoGAN explorer",
    folder: bool = False,
) -> Path:
    """Writes a web page to explore an InfoGAN with.

    The page has the categories to choose from, a slider for each continuous
    code, noise by its seed, a wall of all categories with ten noises, and a pad
    to draw on, whose drawing the encoder reads and the generator repeats. The
    picture of a seed is that of `InfoGAN.generate` with the same seed.

    It runs the networks by ONNX Runtime Web, which is in it, and loads nothing
    from elsewhere. Any browser of 2024 or later opens it.

    Args:
        generator_path: A file of `export_onnx`.
        encoder_path: A file of `export_onnx_encoder`, of the same model.
        output: The page. It opens by a double click.
        code_map: What each code means, as plain data of `CodeMap.to_json`, for
            names of categories and sliders. By default, what `export_onnx` was
            given.
        title: The heading of the page.
        folder: Whether `output` is a folder of `index.html` and files that it
            loads, for a web server: a new or empty one, or one of an earlier
            page, which is replaced.

    Returns:
        `output`.

    Raises:
        ValueError: If onnx is not installed, a file is not of those exports,
            the two do not fit each other, `code_map` is not plain data, or
            the folder has other things in it.
        OSError: If a file cannot be read or written.
    """
    output = Path(output)
    check_output(output, folder=folder)
    generator = Path(generator_path).read_bytes()
    encoder = Path(encoder_path).read_bytes()
    data = _describe(
        _load(generator_path, generator), _load(encoder_path, encoder), code_map
    )
    contents = (
        *map(_packed, _RUNTIME),
        gzip.compress(generator, mtime=0),
        gzip.compress(encoder, mtime=0),
        gzip.compress(_licenses().encode(), mtime=0),
    )
    assets = dict(zip(_ASSETS, contents, strict=True))
    if not folder:
        embedded = "\n".join(
            f'<script type="application/octet-stream" data-asset="{name}">'
            f"{base64.b64encode(content).decode()}</script>"
            for name, content in assets.items()
        )
        _write(output, _page(title, data, embedded).encode())
        return output
    for name, content in assets.items():
        _write(output / name, gzip.decompress(content))
    # Last, so that a page that is there has all that it needs.
    _write(output / "index.html", _page(title, data, "").encode())
    return output


def check_output(output: Path, *, folder: bool) -> None:
    """Raises if `export_explorer` cannot write there.

    Args:
        output: The page, or its folder.
        folder: Whether it is a folder.

    Raises:
        ValueError: If the folder has other things in it than such a page.
        OSError: If a folder is in the place of the file, or a file in the
            place of a folder, or it may not be written.
    """
    check_writable(output / "index.html" if folder else output)
    if not folder or not output.exists():
        return
    names = {path.name for path in output.iterdir() if not is_partial(path)}
    # The page comes last, so with it there is all the rest.
    if not names <= {*_ASSETS} and names != {*_ASSETS, "index.html"}:
        others = sorted(names - {*_ASSETS})
        raise ValueError(
            "The folder should be new, empty or of an earlier explorer. "
            f"Received: {output}, with {', '.join(others[:3])}"
            f"{', ...' if others[3:] else ''}. Choose another."
        )


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as partial:
        partial.write_bytes(content)


def _packed(name: str) -> bytes:
    return (_RUNTIME_FILES / f"{name}.gz").read_bytes()


def _licenses() -> str:
    return "\n\n".join(
        (
            "This page was made by keras_infogan, Apache License 2.0.",
            "It contains ONNX Runtime Web:",
            (_RUNTIME_FILES / "LICENSE").read_text("utf-8"),
            gzip.decompress(_packed("ThirdPartyNotices.txt")).decode("utf-8"),
        )
    )


def _load(path: Path | str, content: bytes) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ValueError(
            f"An explorer needs onnx. Received: {one_line(error)}. "
            'Install it: pip install "keras-infogan[onnx]".'
        ) from error
    try:
        return onnx.load_model_from_string(content)
    # protobuf's error is not derived from a common one.
    except Exception as error:
        raise ValueError(
            f"{path} should be an ONNX file. Received: {one_line(error)}."
        ) from error


def _shapes(values: Any) -> dict[str, list[int]]:
    """Name and shape of each input or output, without the batch."""
    return {
        value.name: [
            dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]
        ]
        for value in values
    }


def _describe(
    generator: Any, encoder: Any, code_map: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What the program has to know, of the metadata of `export_onnx`."""
    metadata = {entry.key: entry.value for entry in generator.metadata_props}
    image_shape = _shapes(generator.graph.output).get("image", [])
    if f"{_METADATA}latent_spec" not in metadata or len(image_shape) != 3:
        raise ValueError(
            f"The generator should be a file of export_onnx, with {_METADATA}"
            "latent_spec in its metadata and an output image. Received: "
            f"{', '.join(metadata) or 'no metadata'}; image: {image_shape}."
        )
    spec = json.loads(metadata[f"{_METADATA}latent_spec"])
    if code_map is None:
        code_map = json.loads(metadata.get(f"{_METADATA}code_map", "null"))
    inputs, outputs = (
        _shapes(encoder.graph.input),
        _shapes(encoder.graph.output),
    )
    if inputs != {"image": image_shape} or not all(
        any(output.startswith(f"{name}_") for output in outputs)
        for name in spec["codes"]
    ):
        raise ValueError(
            f"The encoder should be of the same model, from image {image_shape}"
            f" to the codes {', '.join(spec['codes'])}. "
            f"Received: from {inputs} to {', '.join(outputs)}."
        )
    if image_shape[-1] not in (1, 3):
        raise ValueError(
            "An explorer shows images of 1 or 3 channels. "
            f"Received: shape={image_shape}."
        )
    height, width, channels = image_shape
    return {
        **spec,
        "image": {"height": height, "width": width, "channels": channels},
        "code_map": code_map,
        "words": {
            name: (attribute.low, attribute.high)
            for name, attribute in ATTRIBUTES.items()
        },
        "version": metadata.get(f"{_METADATA}version", ""),
        "license": metadata.get("model_license", ""),
    }


def _page(title: str, data: Mapping[str, Any], embedded: str) -> str:
    try:
        text = json.dumps(data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "`code_map` should be plain data, ready for JSON. "
            f"Received: {one_line(error)}."
        ) from error
    modules = "\n".join(
        f'<script type="text/plain" data-module="{path.stem}">\n'
        f"{path.read_text('utf-8')}</script>"
        for path in sorted(_SOURCES.glob("*.js"))
    )
    page = (_SOURCES / "page.html").read_text("utf-8")
    for place, content in {
        "STYLE": (_SOURCES / "page.css").read_text("utf-8"),
        "MODULES": modules,
        # Nothing in it may end the script that it is in.
        "DATA": text.replace("<", "\\u003c"),
        "TITLE": html.escape(title),
        "ASSETS": embedded,
    }.items():
        page = page.replace(f"<!--{place}-->", content)
    return page

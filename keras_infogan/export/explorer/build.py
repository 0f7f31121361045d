"""Builds the explorer: a web page that runs the generator and the encoder.

The page holds everything it needs: both networks, ONNX Runtime Web, and the
program, whose JavaScript modules are in the folder `page`. It needs no network
and no server.
"""

import base64
import gzip
import html
import json
import logging
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from keras_infogan import checksums
from keras_infogan.evaluation.attributes import ATTRIBUTES
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.files import atomic_path
from keras_infogan.files import check_writable
from keras_infogan.files import is_partial
from keras_infogan.files import one_line
from keras_infogan.json_text import parse_json
from keras_infogan.latents.code import Code
from keras_infogan.latents.spec import LatentSpec

_logger = logging.getLogger(__name__)

_PAGE = Path(__file__).parent / "page"
_RUNTIME = Path(__file__).parent / "runtime"
_RUNTIME_FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
_ASSETS = (*_RUNTIME_FILES, "generator.onnx", "encoder.onnx", "licenses.txt")
# In the order of the cascade: media queries come last.
_STYLES = ("base", "controls", "panels", "layout")
_METADATA = "keras_infogan."
# Of a gallery of a code without categories.
_NUM_ROWS = 10
# Of a single file, in bytes: one that mail takes and a phone opens.
MAX_SIZE = 25_000_000


def export_explorer(
    generator_path: Path | str,
    encoder_path: Path | str,
    output: Path | str,
    *,
    code_map: CodeMap | None = None,
    title: str = "InfoGAN explorer",
    model: str = "model.keras",
    seeds: Sequence[int] | None = None,
    folder: bool = False,
) -> Path:
    """Writes a web page for exploring an InfoGAN interactively.

    The page has controls for all codes and the noise, a gallery, an
    interpolation, and a sketchpad: the encoder infers the codes of a drawing,
    and the generator draws every category with them. A seed gives the same
    image as in `InfoGAN.generate`. The page loads nothing from elsewhere and
    works in any browser from 2024 or later.

    If a single file would have more than 25 MB, it stores large weights as
    float16 or, if that is not enough, with 8 or 6 bits. Logs a warning if it is
    larger even so.

    Args:
        generator_path: A file of `export_onnx`.
        encoder_path: A file of `export_onnx_encoder`, of the same model.
        output: The HTML file to write.
        code_map: The meaning of each code, which labels categories and sliders;
            by default that of the generator's file.
        title: The heading of the page.
        model: What `load_model` takes to load the model, for the program that
            the page shows.
        seeds: Of the noise of the first image and, in the interpolation, of its
            end, perhaps followed by others; by default the two of
            `surest_seeds`.
        folder: Whether to write a folder instead, with an `index.html` and the
            files it loads, for a web server. It must be new, empty, or hold an
            earlier explorer, which is replaced.

    Returns:
        `output`.

    Raises:
        ValueError: If a file is not such an export, the two files do not belong
            together, or the folder contains other files.
        OSError: If a file cannot be read or written.
    """
    output = Path(output)
    check_output(output, folder=folder)
    paths = (Path(generator_path), Path(encoder_path))
    for path in paths:
        checksums.check(path, "Export it again.")
    generator, encoder = (path.read_bytes() for path in paths)
    data = _page_data(
        _load(generator_path, generator), _load(encoder_path, encoder), code_map
    )
    data["model"] = model
    data["seeds"] = [*(seeds or _choose_seeds(generator, encoder))[:2]]
    if folder:
        for name, content in _packed_assets(generator, encoder).items():
            _write(output / name, gzip.decompress(content))
        # Last, so that an existing page always finds all its files.
        _write(output / "index.html", _render(title, data, {}))
    else:
        _write(output, _render_file(title, data, generator, encoder))
    return output


def _choose_seeds(generator: bytes, encoder: bytes) -> list[int]:
    from keras_infogan.evaluation.seeds import surest_seeds
    from keras_infogan.models.onnx_networks import OnnxNetworks

    return surest_seeds(OnnxNetworks(generator, encoder), 2)


def _render_file(
    title: str, data: Mapping[str, Any], generator: bytes, encoder: bytes
) -> bytes:
    """The page as one file, with the most exact weights for which it fits."""
    from keras_infogan.export.explorer.networks import STORAGES
    from keras_infogan.export.explorer.networks import stored

    for storage in STORAGES:
        networks = [
            stored(content, storage) for content in (generator, encoder)
        ]
        page = _render(
            title, {**data, "weights": storage}, _packed_assets(*networks)
        )
        if len(page) <= MAX_SIZE:
            return page
    _logger.warning(
        "The explorer has %.0f MB, even with weights of 6 bits. "
        "`--folder` writes one for a web server.",
        len(page) / 1e6,
    )
    return page


def check_output(output: Path, *, folder: bool) -> None:
    """Raises `ValueError` or `OSError` if `export_explorer` cannot write."""
    check_writable(output / "index.html" if folder else output)
    if not folder or not output.exists():
        return
    names = {path.name for path in output.iterdir() if not is_partial(path)}
    # `index.html` is written last, so all other files exist beside ours.
    if not names <= {*_ASSETS} and names != {*_ASSETS, "index.html"}:
        others = sorted(names - {*_ASSETS})
        raise ValueError(
            "The folder should be new, empty, or hold an earlier explorer. "
            f"Received: {output}, with {', '.join(others[:3])}. Choose another."
        )


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as partial:
        partial.write_bytes(content)


def _packed_assets(generator: bytes, encoder: bytes) -> dict[str, bytes]:
    """The files that the program loads, each compressed with gzip."""
    notices = (_RUNTIME / "ThirdPartyNotices.txt.gz").read_bytes()
    licenses = "\n\n".join(
        (
            "This page was made by keras_infogan, Apache License 2.0.",
            "It contains ONNX Runtime Web:",
            (_RUNTIME / "LICENSE").read_text("utf-8"),
            gzip.decompress(notices).decode("utf-8"),
        )
    )
    files = [(_RUNTIME / f"{name}.gz").read_bytes() for name in _RUNTIME_FILES]
    for content in (generator, encoder, licenses.encode()):
        files.append(gzip.compress(content, mtime=0))
    return dict(zip(_ASSETS, files, strict=True))


def _load(path: Path | str, content: bytes) -> Any:
    import onnx

    try:
        return onnx.load_model_from_string(content)
    # The errors of protobuf share no base class.
    except Exception as error:
        raise ValueError(
            f"{path} should be an ONNX file. Received: {one_line(error)}."
        ) from error


def _shapes(values: Any) -> dict[str, list[int]]:
    """Maps each input or output to its shape without the batch."""
    return {
        value.name: [
            dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]
        ]
        for value in values
    }


def _page_data(
    generator: Any, encoder: Any, code_map: CodeMap | None
) -> dict[str, Any]:
    """The JSON of a page, by the metadata of `export_onnx`."""
    metadata = {entry.key: entry.value for entry in generator.metadata_props}
    image_shape = _shapes(generator.graph.output).get("image", [])
    spec_text = metadata.get(f"{_METADATA}latent_spec")
    if spec_text is None or image_shape[2:] not in ([1], [3]):
        raise ValueError(
            "The generator should be a file of export_onnx, with "
            f"{_METADATA}latent_spec in its metadata and an `image` of 1 or 3 "
            f"channels. Received: {', '.join(metadata) or 'no metadata'}; "
            f"image: {image_shape}."
        )
    spec = LatentSpec.from_config(parse_json(spec_text))
    codes = {name: _describe(name, code) for name, code in spec.codes.items()}
    inputs = _shapes(encoder.graph.input)
    outputs = _shapes(encoder.graph.output)
    estimates = {code["estimate"] for code in codes.values()}
    if inputs != {"image": image_shape} or not estimates <= set(outputs):
        raise ValueError(
            "The encoder should belong to the same model, from image "
            f"{image_shape} to {', '.join(sorted(estimates))}. "
            f"Received: from {inputs} to {', '.join(outputs)}."
        )
    height, width, channels = image_shape
    return {
        "noise_dim": spec.noise_dim,
        "codes": codes,
        "image": {"height": height, "width": width, "channels": channels},
        "code_map": code_map.to_json()
        if code_map
        else parse_json(metadata.get(f"{_METADATA}code_map", "null")),
        "words": {
            name: (attribute.low, attribute.high)
            for name, attribute in ATTRIBUTES.items()
        },
        "version": metadata.get(f"{_METADATA}version", ""),
        "license": metadata.get("model_license", ""),
    }


def _describe(name: str, code: Code) -> dict[str, Any]:
    """What the page knows of a code; `controls/control.js` explains it."""
    return {
        "dim": code.dim,
        "num_dimensions": code.num_dimensions,
        "control": code.control,
        "quantiles": code.quantiles,
        "traversal": code.traversal(_NUM_ROWS).tolist(),
        "estimate": f"{name}_{code.location}",
        "probabilities": code.prior.get("probabilities"),
    }


def _render(
    title: str, data: Mapping[str, Any], assets: Mapping[str, bytes]
) -> bytes:
    embedded = [
        f'<script type="application/octet-stream" data-asset="{name}">'
        f"{base64.b64encode(content).decode()}</script>"
        for name, content in assets.items()
    ]
    modules = [
        f'<script type="text/plain" data-module="{path.stem}">\n'
        f"{path.read_text('utf-8')}</script>"
        for path in sorted(_PAGE.rglob("*.js"))
    ]
    styles = [
        (_PAGE / "styles" / f"{name}.css").read_text("utf-8")
        for name in _STYLES
    ]
    page = Template((_PAGE / "page.html").read_text("utf-8")).substitute(
        style="\n".join(styles),
        modules="\n".join(modules),
        # Escaped, so that no text in it can end the script element.
        data=json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
        title=html.escape(title),
        assets="\n".join(embedded),
    )
    return page.encode()

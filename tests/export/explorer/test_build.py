"""What the page contains, and which inputs it refuses."""

import graphlib
import gzip
import hashlib
import json
import re

import numpy as np
import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.seeds import surest_seeds
from keras_infogan.export.explorer import build
from keras_infogan.export.explorer.build import export_explorer
from keras_infogan.export.explorer.networks import stored
from keras_infogan.latents.codes import CODES
from keras_infogan.latents.codes import Uniform
from keras_infogan.models.onnx_networks import OnnxNetworks
from tests.helpers.explorer import CODE_MAP
from tests.helpers.explorer import PAGE
from tests.helpers.explorer import RUNTIME
from tests.helpers.explorer import SEEDS
from tests.helpers.explorer import SPECS
from tests.helpers.explorer import Reader


def test_the_page_loads_nothing_from_elsewhere(digits):
    """Its content security policy forbids it, too."""
    page = Reader(digits.page)
    assert [ref for ref in page.references if not ref.startswith("data:")] == []
    text = digits.page.read_text()
    (policy,) = re.findall('Content-Security-Policy" content="(.*?)"', text)
    sources = set(re.findall(r"\S+", policy.replace(";", " ")))
    assert "default-src 'none'" in policy
    assert not [source for source in sources if "//" in source or "*" in source]


def test_the_page_holds_both_networks_and_the_runtime(digits):
    page = Reader(digits.page)
    assert page.asset("generator.onnx") == digits.generator.read_bytes()
    assert page.asset("encoder.onnx") == digits.encoder.read_bytes()
    for name in ("ort-wasm-simd-threaded.wasm", "ort.wasm.bundle.min.mjs"):
        packed = (RUNTIME / f"{name}.gz").read_bytes()
        assert page.asset(name) == gzip.decompress(packed)
    licenses = page.asset("licenses.txt").decode()
    assert (RUNTIME / "LICENSE").read_text() in licenses
    assert "THIRD PARTY SOFTWARE NOTICES" in licenses.upper()


def test_the_page_describes_the_codes(digits):
    data = json.loads(Reader(digits.page).script(id="page-data"))
    assert data["noise_dim"] == 62
    assert data["codes"] == {
        "category": {
            "dim": 10,
            "num_dimensions": 1,
            "control": "tiles",
            "quantiles": [0, 1],
            "traversal": list(range(10)),
            "estimate": "category_probabilities",
            "probabilities": None,
        },
        "continuous": {
            "dim": 2,
            "num_dimensions": 2,
            "control": "slider",
            "quantiles": [-1, 1],
            "traversal": pytest.approx(np.linspace(-1, 1, 10)),
            "estimate": "continuous_mean",
            "probabilities": None,
        },
    }
    assert data["image"] == {"height": 28, "width": 28, "channels": 1}
    assert data["code_map"] == CODE_MAP.to_json()


def test_sides_and_codes_are_not_mixed_up(exported):
    """A wide image, and a code whose name begins with that of another."""
    data = json.loads(Reader(exported("wide").page).script(id="page-data"))
    assert data["image"] == {"height": 8, "width": 12, "channels": 1}
    estimates = {name: code["estimate"] for name, code in data["codes"].items()}
    assert estimates == {"pose": "pose_mean", "pose_x": "pose_x_mean"}


def test_the_runtime_is_the_one_that_its_readme_names():
    rows = re.findall(
        r"\| `(.*?)` \| ([\d,]+) \| `([0-9a-f]{64})` \|",
        (RUNTIME / "README.md").read_text(),
    )
    assert len(rows) == 4
    for name, size, digest in rows:
        path = RUNTIME / name
        content = (
            path.read_bytes()
            if path.exists()
            else gzip.decompress((RUNTIME / f"{name}.gz").read_bytes())
        )
        assert len(content) == int(size.replace(",", ""))
        assert hashlib.sha256(content).hexdigest() == digest
    assert {path.name.removesuffix(".gz") for path in RUNTIME.iterdir()} == {
        "README.md",
        *(name for name, _, _ in rows),
    }


def test_no_source_ends_its_script_or_style_element():
    sources = [*PAGE.rglob("*.js"), *PAGE.rglob("*.css")]
    assert len(sources) > 15
    for path in sources:
        assert "</" not in path.read_text(), path
        assert "<!--" not in path.read_text(), path


def test_the_page_has_a_control_for_each_kind_of_code():
    text = (PAGE / "lib" / "codes.js").read_text()
    table = re.search(r"CONTROLS = \{(.*?)\};", text, re.S)
    assert table
    codes = SPECS["many"][0].codes.values()
    assert {type(code) for code in codes} | {Uniform} == set(CODES.values())
    assert {code.control for code in codes} | {Uniform(1).control} == {
        *re.findall(r"(\w+): [A-Z]\w+,", table[1])
    }


def test_page_modules_import_without_a_cycle():
    """Each name is a module of the page, found in whatever folder it is in."""
    modules = {path.stem: path.read_text() for path in PAGE.rglob("*.js")}
    assert len(modules) == len(list(PAGE.rglob("*.js")))
    graph = {
        name: set(re.findall(r'^import .*? from "(.*?)";', text, re.M | re.S))
        for name, text in modules.items()
    }
    assert "codes" in graph["app"]
    # A cycle raises a CycleError.
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) == set(modules)


def test_names_and_titles_are_escaped(digits, tmp_path):
    evil = "</script></title><script>alert(1)</script>&$data"
    code_map = CodeMap(
        {"category": CodeMeaning((CategoryMeaning(evil),), type="categorical")}
    )
    page = Reader(
        export_explorer(
            digits.generator,
            digits.encoder,
            tmp_path / "page.html",
            code_map=code_map,
            title=evil,
            seeds=SEEDS,
        )
    )
    assert page.title == evil
    assert (
        json.loads(page.script(id="page-data"))["code_map"]
        == code_map.to_json()
    )
    assert not [text for _, text in page.scripts if text == "alert(1)"]


def test_the_same_files_give_the_same_page(digits, tmp_path):
    page = export_explorer(
        str(digits.generator),
        str(digits.encoder),
        str(tmp_path / "page.html"),
        seeds=SEEDS,
    )
    assert page.read_bytes() == digits.page.read_bytes()


def test_a_rule_chooses_the_first_image(exported, tmp_path):
    """The page of the ONNX files has the seeds that the model itself gives."""
    case = exported("wide")
    page = export_explorer(
        case.generator,
        case.encoder,
        tmp_path / "page.html",
        model="runs/mine",
    )
    data = json.loads(Reader(page).script(id="page-data"))
    assert data["seeds"] == surest_seeds(case.model, 2)
    assert data["model"] == "runs/mine"
    assert data["weights"] == "float32"


@pytest.mark.parametrize(
    ("storage", "share", "atol"),
    # Weights are rounded to 11, 8 and 6 bits, and images change by a multiple
    # of that.
    [("float16", 0.5, 0.01), ("int8", 0.27, 0.12), ("int6", 0.2, 0.48)],
)
def test_large_weights_take_fewer_bytes(
    digits, tmp_path, monkeypatch, storage, share, atol, caplog
):
    """The first form with which the page fits, and the last if none does."""
    files = [path.read_bytes() for path in (digits.generator, digits.encoder)]
    small = [stored(content, storage) for content in files]
    for before, after in zip(files, small, strict=True):
        # The metadata and small tensors stay as they are.
        assert len(gzip.compress(after)) < share * len(before) + 25_000
    latents = digits.model.sample_latents(50, seed=3)
    images = digits.model.generate_from(latents)
    received = OnnxNetworks(*small).generate_from(latents)
    difference = np.abs(received - images).max()
    assert 1e-5 < difference < atol
    limit = {"float16": 11_000_000, "int8": 8_000_000, "int6": 0}[storage]
    monkeypatch.setattr(build, "MAX_SIZE", limit)
    page = export_explorer(
        digits.generator, digits.encoder, tmp_path / "x.html", seeds=SEEDS
    )
    assert Reader(page).asset("generator.onnx") == small[0]
    assert Reader(page).asset("encoder.onnx") == small[1]
    assert ("even with weights of 6 bits" in caplog.text) == (limit == 0)


def test_a_folder_holds_the_assets_as_files(digits, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    networks = digits.generator, digits.encoder
    export_explorer(*networks, folder, folder=True, seeds=SEEDS)
    single = Reader(digits.page)
    names = {path.name for path in folder.iterdir()}
    assert names - {"index.html"} == {
        attributes["data-asset"]
        for attributes, _ in single.scripts
        if "data-asset" in attributes
    }
    for name in names - {"index.html"}:
        assert (folder / name).read_bytes() == single.asset(name)
    assert len((folder / "index.html").read_bytes()) < 200_000
    # Another explorer replaces the first.
    export_explorer(*networks, folder, folder=True, seeds=SEEDS, title="Again")
    assert "<title>Again</title>" in (folder / "index.html").read_text()


@pytest.mark.parametrize("name", ["mine.txt", "index.html"])
def test_a_folder_with_other_files_is_refused(name, digits, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match=f"Received: .*, with {name}. Choose"):
        export_explorer(digits.generator, digits.encoder, tmp_path, folder=True)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def write_bytes(path, content):
    path.write_bytes(content)
    return path


def without_metadata(path, target):
    import onnx

    content = onnx.load(path)
    del content.metadata_props[:]
    return write_bytes(target, content.SerializeToString())


def test_files_that_are_not_onnx_are_refused(digits, tmp_path):
    page = write_bytes(tmp_path / "page.html", b"as it was")
    noise = write_bytes(tmp_path / "noise.onnx", b"\xff noise")
    for files in [(noise, digits.encoder), (digits.generator, noise)]:
        with pytest.raises(ValueError, match="noise.onnx should be an ONNX"):
            export_explorer(*files, page)
    with pytest.raises(FileNotFoundError, match="none.onnx"):
        export_explorer(tmp_path / "none.onnx", digits.encoder, page)
    assert page.read_bytes() == b"as it was"
    assert sorted(tmp_path.iterdir()) == [noise, page]


def test_onnx_files_from_elsewhere_are_refused(digits, tmp_path):
    bare = without_metadata(digits.generator, tmp_path / "bare.onnx")
    with pytest.raises(
        ValueError, match="export_onnx, .* Received: no metadata"
    ):
        export_explorer(bare, digits.encoder, tmp_path / "page.html")


def test_networks_of_two_models_are_refused(exported, tmp_path):
    files = exported("digits").generator, exported("plain").encoder
    with pytest.raises(
        ValueError, match="belong to the same model, from image .28"
    ):
        export_explorer(*files, tmp_path / "page.html")
    # Both files, swapped.
    files = exported("digits").encoder, exported("digits").generator
    with pytest.raises(ValueError, match="generator should be a file of exp"):
        export_explorer(*files, tmp_path / "page.html")

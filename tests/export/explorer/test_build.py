"""The explorer: what is in its page, and what a browser makes of it."""

import base64
import contextlib
import functools
import gzip
import hashlib
import html.parser
import http.server
import io
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import pytest
from PIL import Image

from keras_infogan.export.explorer import build as explorer
from keras_infogan.export.explorer.build import export_explorer
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

ROOT = Path(__file__).parents[3]
SOURCES = Path(explorer.__file__).parent / "page"
RUNTIME = SOURCES.parent / "runtime"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Of float32 sums in another order; the images are in [-1, 1].
TOLERANCE = 1e-5
UNIQUE = itertools.count()
# Which class each category of the digits draws, as training may have it.
CLASSES = [8, 6, 5, 0, 4, 2, 7, 9, 1, 3]
CODE_MAP = {
    "codes": {
        "category": {
            "type": "categorical",
            "categories": [{"name": str(digit)} for digit in CLASSES],
        },
        "continuous": {
            "type": "uniform",
            "dimensions": [
                {
                    "attribute": "slant",
                    "sign": 1,
                    "correlation": 0.97,
                    "low": -0.5,
                    "high": 0.5,
                    "unit": "rad",
                },
                # Falls as the code rises: low is at the code's -1.
                {
                    "attribute": "thickness",
                    "sign": -1,
                    "correlation": -0.95,
                    "low": 4.0,
                    "high": 2.0,
                    "unit": "pixels",
                },
            ],
        },
    }
}
SPECS = {
    "digits": (
        LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)}),
        (28, 28, 1),
    ),
    "many": (
        LatentSpec(
            8,
            {
                "style": Normal(1, stddev=0.5),
                "kind": Categorical(3),
                "bits": Bernoulli(2),
                "other": Categorical(12),
            },
        ),
        (16, 24, 3),
    ),
    "plain": (LatentSpec(5, {"bits": Bernoulli(1)}), (8, 8, 1)),
}


class Exported(NamedTuple):
    """A model and its files."""

    model: InfoGAN
    generator: Path
    encoder: Path
    page: Path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A function from the name of a specification to a model and its files."""

    @functools.cache
    def export(name: str) -> Exported:
        keras.utils.set_random_seed(0)
        spec, shape = SPECS[name]
        model = InfoGAN(
            build_generator(spec, shape), build_discriminator(spec, shape), spec
        )
        # Weights as they are drawn give images of hardly any contrast.
        last = model.generator.layers[-2]
        weights = [12.0 * weight for weight in last.get_weights()]
        last.set_weights(weights)
        folder = tmp_path_factory.mktemp(name)
        code_map = CODE_MAP if name == "digits" else None
        generator = export_onnx(
            model, folder / "generator.onnx", code_map=code_map
        )
        encoder = export_onnx_encoder(model, folder / "encoder.onnx")
        page = export_explorer(generator, encoder, folder / "page.html")
        return Exported(model, generator, encoder, page)

    return export


@pytest.fixture(scope="module")
def digits(exported):
    return exported("digits")


# What is in the page


class Reader(html.parser.HTMLParser):
    """The scripts of a page, and all that it refers to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, Any], str]] = []
        self.references: list[str] = []
        self.title = ""
        self._tag = ""
        self._attributes: dict[str, Any] = {}
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._tag, self._attributes = tag, dict(attrs)
        self.references += [
            value for key, value in attrs if key in {"src", "href", "action"}
        ]

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "script":
            self.scripts.append((self._attributes, data))
        elif self._tag == "title":
            self.title += data

    def script(self, **attributes: str) -> str:
        (found,) = (
            text
            for received, text in self.scripts
            if attributes.items() <= received.items()
        )
        return found

    def asset(self, name: str) -> bytes:
        text = self.script(**{"data-asset": name})
        return gzip.decompress(base64.b64decode(text, validate=True))


def test_the_page_refers_to_nothing_outside(digits):
    """The policy forbids a browser to load from elsewhere."""
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
    assert data["codes"] == digits.model.latent_spec.get_config()["codes"]
    assert data["image"] == {"height": 28, "width": 28, "channels": 1}
    assert data["code_map"] == CODE_MAP


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


def test_no_source_ends_the_script_that_it_is_in():
    for path in [*SOURCES.glob("*.js"), SOURCES / "page.css"]:
        assert "</" not in path.read_text(), path
        assert "<!--" not in path.read_text(), path


def test_names_and_titles_stay_text(digits, tmp_path):
    evil = "</script></title><script>alert(1)</script>&<!--DATA-->"
    code_map = {"codes": {"category": {"categories": [{"name": evil}]}}}
    page = Reader(
        export_explorer(
            digits.generator,
            digits.encoder,
            tmp_path / "page.html",
            code_map=code_map,
            title=evil,
        )
    )
    assert page.title == evil
    assert json.loads(page.script(id="page-data"))["code_map"] == code_map
    assert not [text for _, text in page.scripts if text == "alert(1)"]


def test_the_same_files_give_the_same_page(digits, tmp_path):
    page = export_explorer(
        str(digits.generator), str(digits.encoder), str(tmp_path / "page.html")
    )
    assert page.read_bytes() == digits.page.read_bytes()


def test_a_folder_has_the_same_in_files(digits, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    export_explorer(digits.generator, digits.encoder, folder, folder=True)
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
    # Another page of ours takes the place of the first.
    export_explorer(
        digits.generator, digits.encoder, folder, folder=True, title="Again"
    )
    assert "<title>Again</title>" in (folder / "index.html").read_text()


@pytest.mark.parametrize("name", ["mine.txt", "index.html"])
def test_a_folder_of_other_things_is_refused(name, digits, tmp_path):
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


def test_what_is_no_onnx_file_is_refused(digits, tmp_path):
    page = write_bytes(tmp_path / "page.html", b"as it was")
    noise = write_bytes(tmp_path / "noise.onnx", b"\xff noise")
    for files in [(noise, digits.encoder), (digits.generator, noise)]:
        with pytest.raises(ValueError, match="noise.onnx should be an ONNX"):
            export_explorer(*files, page)
    with pytest.raises(FileNotFoundError):
        export_explorer(tmp_path / "none.onnx", digits.encoder, page)
    assert page.read_bytes() == b"as it was"
    assert sorted(tmp_path.iterdir()) == [noise, page]


def test_what_is_of_no_export_is_refused(digits, tmp_path):
    bare = without_metadata(digits.generator, tmp_path / "bare.onnx")
    with pytest.raises(
        ValueError, match="export_onnx, .* Received: no metadata"
    ):
        export_explorer(bare, digits.encoder, tmp_path / "page.html")


def test_networks_of_two_models_are_refused(exported, tmp_path):
    files = exported("digits").generator, exported("plain").encoder
    with pytest.raises(ValueError, match="of the same model, from image .28"):
        export_explorer(*files, tmp_path / "page.html")
    # The two files in the wrong order.
    files = exported("digits").encoder, exported("digits").generator
    with pytest.raises(ValueError, match="generator should be a file of exp"):
        export_explorer(*files, tmp_path / "page.html")


def test_a_code_map_is_plain_data(digits, tmp_path):
    for code_map in ({"codes": {"category": object()}}, {"low": np.nan}):
        with pytest.raises(ValueError, match="`code_map` should be plain data"):
            export_explorer(
                digits.generator,
                digits.encoder,
                tmp_path / "page.html",
                code_map=code_map,
            )
    assert list(tmp_path.iterdir()) == []


# What a browser makes of it


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@contextlib.contextmanager
def open_page(
    browser: Any, url: str, *, script: str = "", **options: Any
) -> Iterator[Any]:
    """A page that has started; what it complains of is a failure."""
    context = browser.new_context(
        viewport=options.pop("viewport", {"width": 1280, "height": 1000}),
        **options,
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in {"error", "warning"}
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    if script:
        page.add_init_script(script)
    page.goto(url)
    if not script:
        page.evaluate("window.explorer.ready")
    try:
        yield page
        assert complaints == []
        root = url.partition("#")[0].rpartition("/")[0]
        allowed = (root, "blob:", "data:")
        assert [url for url in requests if not url.startswith(allowed)] == []
    finally:
        context.close()


@pytest.fixture(scope="module")
def shared_page(browser, digits):
    with open_page(browser, digits.page.as_uri()) as page:
        yield page


@pytest.fixture
def page(shared_page):
    """The page of the digits as it is at first."""
    go_to(shared_page, "")
    return shared_page


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def settle(page):
    page.evaluate("window.explorer.settled()")


def go_to(page, state):
    """Opens a link to this page, and the initial one if it says nothing."""
    page.evaluate(
        """async hash => {
          const changed = new Promise(resolve =>
            addEventListener("hashchange", resolve, { once: true }));
          location.hash = hash;
          await changed;
          await window.explorer.settled();
        }""",
        # Never what is there already, which would be no change.
        f"{state}&{next(UNIQUE)}",
    )


def wait_for(page, condition):
    """Playwright's own waiting evaluates strings, which the page forbids."""
    deadline = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


def state(page):
    return page.evaluate("window.explorer.state")


def pixels(canvas):
    """The uint8 pixels of a canvas, `(height, width, 3)`."""
    url = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    content = io.BytesIO(base64.b64decode(url.partition(",")[2]))
    with Image.open(content) as picture:
        return np.asarray(picture.convert("RGB"))


def expected_pixels(model, latents):
    """Those of Keras: `(images + 1) * 127.5`, rounded."""
    images = model.generate_from(latents)
    return np.broadcast_to((images + 1) * 127.5, (*images.shape[:3], 3))


def assert_shows(canvas, model, codes, seed):
    """Codes that are not given are in the middle.

    A difference of half a step, and of TOLERANCE, may round to a whole.
    """
    names = set(model.latent_spec.codes) - set(codes)
    codes = {**dict.fromkeys(names, 0), **codes}
    latents = model.sample_latents(1, codes=codes, seed=seed)
    expected = expected_pixels(model, latents)[0]
    # A picture of one gray would agree with anything near it.
    assert np.ptp(expected) > 50
    np.testing.assert_allclose(pixels(canvas), expected, atol=0.51)


def point_codes(point):
    """The codes of a point of the page, as `sample_latents` takes them."""
    return {
        name: np.int64(value) if isinstance(value, int) else [value]
        for name, value in point["codes"].items()
    }


def draw(page, strokes):
    """Draws polylines of shares of the pad by the mouse."""
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    for stroke in strokes:
        points = [
            (box["x"] + x * box["width"], box["y"] + y * box["height"])
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=5)
        page.mouse.up()
    settle(page)


SEVEN = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.85)], [(0.42, 0.55), (0.7, 0.55)]]


def chosen_tile(page, name):
    return page.locator(f".tile:has(input[name={name}]:checked) canvas")


@pytest.mark.parametrize("name", SPECS)
def test_numbers_are_those_of_keras(browser, exported, name):
    """On inputs that are drawn here, and images that no generator made."""
    case = exported(name)
    model = case.model
    latents = model.sample_latents(3, seed=5)
    inputs = {key: value.numpy().tolist() for key, value in latents.items()}
    images = np.random.default_rng(0).uniform(-1, 1, (2, *model.image_shape))
    with open_page(browser, case.page.as_uri()) as page:
        generated, encoded = page.evaluate(
            """async ([inputs, images]) => {
              const plain = ({ data, dims }) => [dims, Array.from(data)];
              const outputs = await window.explorer.encode(images);
              return [
                plain(await window.explorer.generate(inputs)),
                Object.fromEntries(Object.entries(outputs).map(
                  ([name, tensor]) => [name, plain(tensor)])),
              ];
            }""",
            [inputs, images.reshape(2, -1).tolist()],
        )
    expected = model.generate_from(latents)
    np.testing.assert_allclose(
        np.reshape(generated[1], generated[0]), expected, atol=TOLERANCE
    )
    posterior = model.encode(images.astype(np.float32))
    assert set(posterior) <= set(encoded)
    for key, values in posterior.items():
        np.testing.assert_allclose(
            np.reshape(encoded[key][1], encoded[key][0]),
            values,
            atol=TOLERANCE,
            rtol=TOLERANCE,
            err_msg=key,
        )


def test_seeds_are_those_of_python(page, digits):
    """Bit for bit until the quantiles, which both know to about 1e-6.

    TensorFlow computes them in float32, of which one step at 4 is 5e-7.
    """
    for seed in (0, 1, 12, 2**31 + 5, 2**32 - 1):
        noise = page.evaluate(
            "seed => Array.from(window.explorer.noise(seed, 500))", seed
        )
        # Of any width: the numbers of a row do not depend on their count.
        wide = InfoGAN.sample_latents(digits.model, 9, seed=seed)["noise"]
        np.testing.assert_allclose(noise[:62], wide[0], atol=2e-6)
        assert np.ptp(noise) > 5


@pytest.mark.parametrize("origin", ["file", "http", "http folder"])
def test_it_opens_from_anywhere(browser, digits, tmp_path, origin):
    """And shows what Keras generates of the middle of all codes."""
    with contextlib.ExitStack() as stack:
        if origin == "file":
            url = digits.page.as_uri()
        elif origin == "http":
            root = stack.enter_context(served(digits.page.parent))
            url = f"{root}{digits.page.name}"
        else:
            files = digits.generator, digits.encoder
            export_explorer(*files, tmp_path / "site", folder=True)
            url = stack.enter_context(served(tmp_path / "site"))
        page = stack.enter_context(open_page(browser, url))
        assert page.title() == "InfoGAN explorer"
        # The digit 0 is category 3 here.
        assert page.inner_text("#caption") == "0 · seed 1"
        assert_shows(
            chosen_tile(page, "category"), digits.model, {"category": 3}, 1
        )


def test_the_large_picture_is_the_chosen_one(page):
    """It is an enlargement: its mean is that of the tile, but for its edges."""
    tile = pixels(chosen_tile(page, "category"))
    large = pixels(page.locator("#picture"))
    assert min(large.shape[:2]) >= 640
    scale = large.shape[0] // tile.shape[0]
    means = large.reshape(28, scale, 28, scale, 3).mean(axis=(1, 3))
    # Smoothing moves light between neighbors, and no further.
    assert np.corrcoef(means.ravel(), tile.ravel())[0, 1] > 0.9


def test_every_category_can_be_chosen(page, digits):
    """Tiles are in the order of the digits, not of the categories."""
    tiles = page.get_by_role("radio")
    labels = [tile.get_attribute("aria-label") for tile in tiles.all()]
    assert labels == [str(digit) for digit in range(10)]
    page.get_by_role("radio", name="7").check()
    settle(page)
    assert state(page)["at"]["codes"]["category"] == CLASSES.index(7)
    assert page.inner_text("#caption") == "7 · seed 1"
    assert_shows(
        chosen_tile(page, "category"),
        digits.model,
        {"category": CLASSES.index(7)},
        1,
    )


@pytest.mark.parametrize(
    ("name", "index", "sign", "texts"),
    [
        # Half the way from 0 to 0.5 rad is 14.3 degrees; from 3 pixels to 4 it
        # is 3.5, and 0.8 of the way to 2 is 2.2.
        (
            "slant",
            0,
            1,
            ["slanted left −0.80 · −23°", "slanted right +0.50 · +14°"],
        ),
        (
            "thickness",
            1,
            -1,
            ["thin −0.80 · 2.2 pixels", "thick +0.50 · 3.5 pixels"],
        ),
    ],
)
def test_every_slider_moves_its_code(page, digits, name, index, sign, texts):
    """To the right is more of it, whatever the sign of the code."""
    slider = page.get_by_role("slider", name=name)
    for position, text in zip((-0.8, 0.5), texts, strict=True):
        before = pixels(page.locator("#picture"))
        slider.fill(str(position))
        settle(page)
        codes = [0.0, 0.0]
        codes[index] = sign * position
        assert state(page)["at"]["codes"]["continuous"] == codes
        assert slider.get_attribute("aria-valuetext") == text
        line = page.locator(".slider", has=slider).locator("output")
        assert line.inner_text() == text
        # Or a screen reader would say everything twice.
        assert line.get_attribute("aria-live") == "off"
        assert (pixels(page.locator("#picture")) != before).any()
        assert_shows(
            chosen_tile(page, "category"),
            digits.model,
            {"category": 3, "continuous": [codes]},
            1,
        )


def test_sliders_follow_the_keyboard(page):
    page.get_by_role("slider", name="slant").focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["at"]["codes"]["continuous"] == [0.01, 0]
    page.keyboard.press("End")
    assert state(page)["at"]["codes"]["continuous"] == [1, 0]


def test_dragging_the_picture_moves_two_codes(page):
    """A quarter of the picture is a quarter of the range, of length 2.

    Upwards is more thickness, whose code has the sign -1.
    """
    picture = page.locator("#picture")
    box = picture.bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + box["width"] / 4, middle[1])
    page.mouse.move(middle[0] + box["width"] / 4, middle[1] - box["height"] / 8)
    page.mouse.up()
    # A pixel of the screen is 1/400 of the picture.
    assert state(page)["at"]["codes"]["continuous"] == pytest.approx(
        [0.5, -0.25], abs=0.011
    )


def test_noise_is_new_or_of_a_seed(page, digits):
    seeds = set()
    for _ in range(3):
        page.get_by_role("button", name="New noise").click()
        seeds.add(state(page)["at"]["seed"])
    assert len(seeds) == 3
    assert page.inner_text("#status").startswith("New noise, seed")
    page.get_by_label("Noise, seed").fill("4000000000")
    page.keyboard.press("Enter")
    settle(page)
    assert state(page)["at"]["seed"] == 4_000_000_000
    assert_shows(
        chosen_tile(page, "category"),
        digits.model,
        {"category": 3},
        4_000_000_000,
    )


@pytest.mark.parametrize("typed", ["-5", "4294967296", "1.5", ""])
def test_what_is_no_seed_changes_nothing(page, typed):
    page.get_by_label("Noise, seed").fill("12")
    page.keyboard.press("Enter")
    page.get_by_label("Noise, seed").fill(typed)
    page.keyboard.press("Enter")
    assert page.inner_text("#caption") == "0 · seed 12"
    assert page.get_by_label("Noise, seed").input_value() == "12"
    assert page.inner_text("#status").endswith("from 0 to 4294967295.")


def test_the_wall_ends_with_the_last_seed(page):
    for link in ("at=4294967295;0;0,0", "at=4294967290;0;0,0&wall=4294967295"):
        go_to(page, link)
        heads = page.get_by_role("columnheader").all_inner_texts()
        assert heads[1:] == [str(2**32 - 10 + k) for k in range(10)]


def test_the_picture_in_python(page, digits):
    """What the page offers to copy gives the picture that it shows."""
    page.get_by_role("button", name="Surprise").click()
    settle(page)
    code = page.locator("#python").text_content()
    image = eval(code, {"model": digits.model})
    np.testing.assert_allclose(
        pixels(chosen_tile(page, "category")),
        np.broadcast_to((image[0] + 1) * 127.5, (28, 28, 3)),
        atol=0.51,
    )


def test_the_wall_has_a_row_for_each_category(page, digits):
    """Its columns are seeds 1 to 10, and all of it follows the sliders."""
    page.get_by_role("slider", name="slant").fill("-0.6")
    settle(page)
    cells = page.get_by_role("gridcell")
    assert cells.count() == 100
    codes = {"category": CLASSES.index(4), "continuous": [[-0.6, 0.0]]}
    cell = page.get_by_role("button", name="4, seed 8")
    assert_shows(cell.locator("canvas"), digits.model, codes, 8)
    cell.click()
    settle(page)
    assert page.inner_text("#caption") == "4 · seed 8"
    assert cell.get_attribute("aria-pressed") == "true"
    assert state(page)["wall"] == 1
    # Other noise than that of a column gives another wall.
    page.get_by_label("Noise, seed").fill("50")
    page.keyboard.press("Enter")
    assert page.get_by_role("columnheader", name="59", exact=True).count() == 1


def test_the_wall_is_one_stop_of_the_keyboard(page):
    wall = page.locator("#wall")
    assert wall.locator("button[tabindex='0']").count() == 1
    page.get_by_role("button", name="0, seed 1", exact=True).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert page.inner_text("#caption") == "1 · seed 1"
    # At the edge they stay.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.inner_text("#caption") == "1 · seed 1"


def test_a_drawing_is_prepared_as_mnist_is(page):
    """20 of 28 pixels wide or high, its mass around 14.5, and in [-1, 1].

    14.5 is the mean over MNIST's digits of their centers of mass, where pixel
    `i` reaches from `i` to `i + 1`. Three places and sizes of one drawing give
    the same but for the pixels of the screen, which are 1/255 of the pad and,
    in the smallest drawing, 1/40 of its height.
    """
    images = []
    for size, (left, top) in itertools.product(
        (1.0, 0.4), [(0, 0), (0.3, 0.1)]
    ):
        if size == 1.0 and left:
            continue
        page.get_by_role("button", name="Clear").click()
        draw(
            page,
            [
                [(left + size * x, top + size * y) for x, y in stroke]
                for stroke in SEVEN
            ],
        )
        data, dims = page.evaluate(
            """() => {
              const { data, dims } = window.explorer.drawing();
              return [Array.from(data), dims];
            }"""
        )
        assert dims == [1, 28, 28, 1]
        images.append((np.reshape(data, (28, 28)) + 1) / 2)
    for image in images:
        assert image.min() == 0
        assert image.max() == pytest.approx(1)
        rows, columns = np.nonzero(image > 0.02)
        # The box may lie across pixels, and then touches one more.
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (20, 21)
        centers = np.arange(28) + 0.5
        for axis in (0, 1):
            mean = (image.sum(axis=axis) * centers).sum() / image.sum()
            assert mean == pytest.approx(14.5, abs=0.05)
    for image in images[1:]:
        assert np.abs(image - images[0]).mean() < 0.02


def test_a_drawing_is_read_and_repeated(page, digits):
    """Keras reads the same of it, and generates the same from that."""
    assert page.locator("#redrawn button").first.is_disabled()
    draw(page, SEVEN)
    model = digits.model
    data = page.evaluate("Array.from(window.explorer.drawing().data)")
    image = np.array(data, np.float32).reshape(1, 28, 28, 1)
    posterior = model.encode(image)
    category = int(posterior["category_logits"].argmax())
    text = page.inner_text("#reading-text")
    assert text.startswith(f"Read as {CLASSES[category]}, ")
    assert page.inner_text(".verdict strong") == str(CLASSES[category])
    probability = np.exp(posterior["category_logits"][0])
    probability /= probability.sum()
    assert f"{round(100 * probability.max())} % sure" in text
    means = np.clip(posterior["continuous_mean"][0], -1, 1).round(2)
    for index, words, sign in (
        (0, ["slanted left", "", "slanted right"], 1),
        (1, ["thin", "", "thick"], -1),
    ):
        third = int(sign * means[index] > 1 / 3) - int(
            sign * means[index] < -1 / 3
        )
        label = ("slant", "thickness")[index]
        assert f"{label}: {words[third + 1]}".strip() in text

    # The noise whose picture of these codes is closest, of seeds 1 to 128.
    codes = {"category": category, "continuous": [means]}
    distances = [
        np.square(model.generate(1, codes=codes, seed=seed) - image).sum()
        for seed in (1, 2, 3)
    ]
    (seed,) = re.findall(r"seed (\d+)", page.inner_text("#closest"))
    closest = model.generate(1, codes=codes, seed=int(seed))
    assert np.square(closest - image).sum() <= min(distances)
    for digit, canvas in enumerate(page.locator("#redrawn canvas").all()):
        codes["category"] = CLASSES.index(digit)
        assert_shows(canvas, model, codes, int(seed))

    assert page.locator("#redrawn button.chosen").count() == 1
    page.get_by_role("button", name="5 in that hand").click()
    assert page.inner_text("#caption") == f"5 · seed {seed}"
    page.get_by_role("button", name="Clear").click()
    settle(page)
    assert page.locator("#redrawn button").first.is_disabled()
    assert "ink=" not in page.evaluate("window.explorer.link()")


def test_no_noise_is_sought_for_half_a_drawing(page):
    """The search for the stroke before ends when the next one begins.

    By events made up, as a hand is too slow to meet the search.
    """
    draw(page, SEVEN[:1])
    closest = page.evaluate(
        """async () => {
          const [pad, reading, closest, pen] = ["pad", "reading", "closest",
            "pen"].map((id) => document.getElementById(id));
          const isRead = new Promise((resolve) =>
            new MutationObserver(resolve)
              .observe(reading, { childList: true }));
          pen.dispatchEvent(new Event("input"));
          await isRead;
          const { left, top } = pad.getBoundingClientRect();
          const send = (type, step) => pad.dispatchEvent(
            new PointerEvent(type, { pointerId: 7, button: 0,
              clientX: left + step, clientY: top + step }));
          pad.setPointerCapture = () => {};
          send("pointerdown", 50);
          send("pointermove", 90);
          await window.explorer.settled();
          const during = closest.textContent;
          send("pointerup", 90);
          delete pad.setPointerCapture;
          await window.explorer.settled();
          return [during, closest.textContent];
        }"""
    )
    assert len(state(page)["ink"]) == 2
    assert closest[0] == ""
    assert closest[1].startswith("With the noise")


def test_a_finger_draws_too(browser, digits):
    with open_page(
        browser,
        digits.page.as_uri(),
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    ) as page:
        pad = page.locator("#pad")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        page.touchscreen.tap(
            box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        )
        settle(page)
        assert len(state(page)["ink"]) == 1
        assert page.inner_text("#reading-text").startswith("Read as")


def test_the_picture_can_be_read_without_a_mouse(page, digits):
    page.get_by_role("slider", name="slant").fill("0.7")
    page.get_by_role("button", name="Read the picture above").press("Enter")
    wait_for(page, "document.getElementById('reading-text').textContent")
    image = digits.model.generate(
        1, codes={"category": 3, "continuous": [[0.7, 0.0]]}, seed=1
    )
    category = int(digits.model.encode(image)["category_logits"].argmax())
    text = page.inner_text("#reading-text")
    assert text.startswith(f"Read as {CLASSES[category]}, ")
    settle(page)
    pad = pixels(page.locator("#pad"))
    # Another pen does not rub it out, and a link has it, whatever is large now.
    page.get_by_role("slider", name="Pen").fill("3.5")
    page.get_by_role("radio", name="7").check()
    settle(page)
    link = page.evaluate("window.explorer.link()")
    page.get_by_role("button", name="Clear").click()
    settle(page)
    assert page.inner_text("#reading-text") == ""
    go_to(page, link.partition("#")[2])
    assert page.inner_text("#caption") == "7 · seed 1"
    assert page.inner_text("#reading-text") == text
    np.testing.assert_array_equal(pixels(page.locator("#pad")), pad)


def test_a_morph_keeps_to_the_sphere_of_the_noise(page, digits):
    """Halfway, noise is `(a + b) / (2 cos(angle / 2))`, by Shoemake, 1985.

    The middle one of nine frames is that of two seeds and half of either
    category. Most noises are at right angles, whose formulas are simpler.
    """
    page.get_by_role("button", name="Set A").click()
    page.get_by_role("radio", name="6").check()
    page.get_by_label("Noise, seed").fill("404")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Set B").click()
    settle(page)
    first, last = (
        digits.model.sample_latents(1, seed=seed)["noise"].numpy()[0]
        for seed in (1, 404)
    )
    cosine = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    assert cosine < -0.4
    noise = (first + last) / (2 * np.cos(np.arccos(cosine) / 2))
    category = np.zeros((1, 10), np.float32)
    category[0, [CLASSES.index(0), CLASSES.index(6)]] = 0.5
    expected = expected_pixels(
        digits.model,
        {
            "noise": noise[None],
            "category": category,
            "continuous": np.zeros((1, 2), np.float32),
        },
    )[0]
    strip = page.locator("#strip canvas")
    assert strip.count() == 9
    np.testing.assert_allclose(pixels(strip.nth(4)), expected, atol=0.51)
    for end, digit, seed in ((0, 0, 1), (8, 6, 404)):
        codes = {"category": CLASSES.index(digit)}
        assert_shows(strip.nth(end), digits.model, codes, seed)


def test_a_morph_plays_and_pauses(page):
    frame = page.locator("#morph")
    frame.scroll_into_view_if_needed()
    before = pixels(frame)
    page.get_by_role("button", name="Play").click()
    share = page.get_by_role("slider", name="Share of the way")
    wait_for(page, "document.getElementById('share').value > 0.7")
    page.get_by_role("button", name="Pause").click()
    settle(page)
    assert (pixels(frame) != before).any()
    rest = share.input_value()
    percent = share.get_attribute("aria-valuetext")
    # As JavaScript rounds: 80.5 is 81, where Python's `round` makes it 80.
    assert percent == f"{math.floor(100 * float(rest) + 0.5)} %"
    page.wait_for_timeout(100)
    assert share.input_value() == rest


def test_a_link_gives_the_same_page(browser, page, digits):
    """Also of the drawing, and through people who encode its letters."""
    page.get_by_role("radio", name="8").check()
    page.get_by_role("slider", name="thickness").fill("0.37")
    page.get_by_role("button", name="New noise").click()
    page.get_by_role("button", name="Set B").click()
    page.get_by_role("slider", name="Pen").fill("3.5")
    draw(page, SEVEN)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    wait_for(
        page,
        "document.getElementById('status').textContent.startsWith('Copied')",
    )
    link = page.evaluate("navigator.clipboard.readText()")
    wait_for(page, f"location.href === {json.dumps(link)}")
    with open_page(browser, link.replace(";", "%3B")) as other:
        assert state(other) == state(page)
        for ours, theirs in zip(
            page.locator("canvas").all(),
            other.locator("canvas").all(),
            strict=True,
        ):
            # Enlarging rounds to one or the other of two grays.
            np.testing.assert_allclose(pixels(ours), pixels(theirs), atol=1)
        # And while it is open, another one.
        go_to(other, "at=77;2;0.5,9")
        assert other.inner_text("#caption") == "5 · seed 77"
        assert state(other)["at"]["codes"]["continuous"] == [0.5, 1]


def test_a_link_counts_though_the_page_has_just_written_its_own(page):
    """The event comes later than the link; the page writes in between."""
    wait_for(page, "location.href === window.explorer.link()")
    page.evaluate(
        """async () => {
          const changed = new Promise(resolve =>
            addEventListener("hashchange", resolve, { once: true }));
          const own = location.href;
          location.hash = "at=77;2;0.5,0";
          history.replaceState(null, "", own);
          await changed;
          await window.explorer.settled();
        }"""
    )
    assert page.inner_text("#caption") == "5 · seed 77"


@pytest.mark.parametrize(
    "damage",
    [
        "at=-1;99;x",
        "at=;;&pen=1e9&share=-1&wall=x&ink=%%%",
        "pen=1",
        "ink=Kw",
        "=&&#",
    ],
)
def test_a_damaged_link_opens_the_initial_page(page, damage):
    initial = state(page)
    go_to(page, damage)
    assert state(page) == initial


def test_pictures_are_saved_as_png(page, tmp_path):
    for button, name, size in [
        (".stage >> text=Save PNG", "0-seed-1.png", (644, 644)),
        # Cells of 3 x 28 pixels, and 4 between them.
        (".wall >> text=Save PNG", "wall-seed-1.png", (876, 876)),
    ]:
        with page.expect_download() as waiting:
            page.locator(button).click()
        download = waiting.value
        assert download.suggested_filename == name
        download.save_as(tmp_path / name)
        with Image.open(tmp_path / name) as picture:
            assert picture.size == size
            assert picture.format == "PNG"


def test_other_codes_have_their_controls(browser, exported):
    """Three sliders of a normal code, two switches, two sets of categories."""
    case = exported("many")
    with open_page(browser, case.page.as_uri()) as page:
        page.get_by_role("slider", name="style").fill("-2.25")
        page.get_by_role("radio", name="kind 2").check()
        page.get_by_role("radio", name="other 11").check()
        page.get_by_role("checkbox", name="bits 2").check()
        settle(page)
        point = state(page)["at"]
        assert point["codes"] == {
            "style": [-2.25],
            "kind": 2,
            "bits": [0, 1],
            "other": 11,
        }
        assert page.inner_text("#caption") == "kind 2 · other 11 · seed 1"
        for name in ("kind", "other"):
            canvas = chosen_tile(page, name)
            assert_shows(canvas, case.model, point_codes(point), 1)
        assert page.get_by_role("gridcell").count() == 30
        draw(page, SEVEN)
        text = page.inner_text("#reading-text")
        for part in ("kind ", "other ", "style: ", "bits 1: o", "bits 2: o"):
            assert part in text
        assert page.locator("#redrawn canvas").count() == 3
        # Bits have no middle, whatever a link says.
        go_to(page, "at=1;0;1;0.7,0.2;3")
        assert state(page)["at"]["codes"]["bits"] == [1, 0]


@pytest.mark.parametrize("width", [390, 1280])
def test_long_names_have_room_and_stay_text(browser, digits, tmp_path, width):
    """Those of Fashion-MNIST are words, and a name might be anything."""
    names = [
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal"),
        *("Sneaker", "Ankle boot", "<img src=x onerror='window.ran=1'>"),
        "</script><script>window.ran=1</script>",
    ]
    path = export_explorer(
        digits.generator,
        digits.encoder,
        tmp_path / "page.html",
        code_map={
            "codes": {
                "category": {"categories": [{"name": name} for name in names]}
            }
        },
        title=names[-1],
    )
    viewport = {"width": width, "height": 900}
    with open_page(browser, path.as_uri(), viewport=viewport) as page:
        draw(page, SEVEN)
        assert page.title() == names[-1]
        assert page.evaluate("window.ran") is None
        labels = page.locator(".bars span")
        assert sorted(labels.all_inner_texts()) == sorted(names)
        lines = [label.bounding_box() for label in labels.all()]
        for above, below in itertools.pairwise(lines):
            assert below["y"] >= above["y"] + above["height"]
        # The digits in that hand and the wall keep most of their places.
        tiles = page.locator("#redrawn .tile").first.bounding_box()
        assert tiles["width"] > 50
        cells = page.locator("#wall").bounding_box()["width"]
        assert page.locator("#wall .tile").first.bounding_box()["width"] > (
            cells / 16
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_after_an_error_the_page_goes_on(browser, digits):
    """As of a phone that was out of memory for a moment."""
    page = browser.new_page()
    page.goto(digits.page.as_uri())
    page.evaluate("window.explorer.ready")
    page.evaluate(
        """() => {
          const { postMessage } = Worker.prototype;
          Worker.prototype.postMessage = function (message) {
            if (window.isFull) throw Error("out of memory");
            postMessage.call(this, message);
          };
          window.isFull = true;
        }"""
    )
    page.get_by_role("button", name="New noise").click()
    wait_for(
        page, "document.getElementById('status').textContent.endsWith('y')"
    )
    assert page.inner_text("#status") == "out of memory"
    page.evaluate("window.isFull = false")
    page.get_by_role("button", name="New noise").click()
    settle(page)
    assert_shows(
        chosen_tile(page, "category"),
        digits.model,
        {"category": 3},
        state(page)["at"]["seed"],
    )
    page.close()


def test_a_model_without_categories_has_a_page(browser, exported):
    case = exported("plain")
    with open_page(browser, case.page.as_uri()) as page:
        assert page.inner_text("#caption") == "seed 1"
        # Off and on, of ten noises.
        cells = page.get_by_role("gridcell")
        assert cells.count() == 20
        canvas = page.get_by_role("button", name="1, seed 3").locator("canvas")
        assert_shows(canvas, case.model, {"bits": [[1.0]]}, 3)
        draw(page, SEVEN)
        assert page.locator("#redrawn canvas").count() == 1


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("delete window.WebAssembly", "Yours has no WebAssembly"),
        ("delete window.DecompressionStream", "no DecompressionStream"),
        ("delete window.Worker", "The page could not start. Worker is not"),
    ],
)
def test_what_a_browser_lacks_is_said(browser, digits, script, message):
    url = digits.page.as_uri()
    with open_page(browser, url, script=script) as page:
        page.wait_for_selector("#status.error")
        assert message in page.inner_text("#status")
        assert not page.locator("main").is_visible()


def test_a_folder_says_that_it_needs_a_server(browser, digits, tmp_path):
    files = digits.generator, digits.encoder
    export_explorer(*files, tmp_path / "site", folder=True)
    url = (tmp_path / "site" / "index.html").as_uri()
    with open_page(browser, url, script="0") as page:
        page.wait_for_selector("#status.error")
        assert "python -m http.server" in page.inner_text("#status")


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_light_and_dark(browser, digits):
    """As the system has it, until somebody chooses."""
    url = digits.page.as_uri()
    with open_page(browser, url, color_scheme="light") as page:
        light = background(page)
        page.get_by_role("button", name="Dark").click()
        dark = background(page)
        assert dark != light
        page.reload()
        assert background(page) == dark
    with open_page(browser, url, color_scheme="dark") as page:
        assert background(page) == dark


@pytest.mark.parametrize("width", [320, 768, 1024])
def test_it_fits_narrow_screens(page, width):
    draw(page, SEVEN)
    size = page.viewport_size
    page.set_viewport_size({"width": width, "height": 800})
    # What is wider than the window makes it scroll sideways.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size(size)


def test_the_script_measures_and_pictures(digits, browser, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "scripts/make_explorer.py",
            *(digits.generator, digits.encoder, tmp_path / "page.html"),
            *("--screenshot", tmp_path / "page.png", "--dark"),
            *("--loads", "1"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["bytes"] == digits.page.stat().st_size
    assert 0 < report["milliseconds_a_picture"] < 1000
    assert 0 < report["seconds_to_first_picture"] < 60
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.width == 1920
        assert max(picture.convert("RGB").getpixel((5, 5))) < 40


def test_everything_has_a_name(page):
    """All that can be focused says what it is."""
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll(
            "main button, main input, header button, footer button")]
          .filter((node) => !(
            node.ariaLabel || node.textContent.trim() || node.labels?.length))
          .map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []


def test_licenses_can_be_read(page):
    page.get_by_role("button", name="Licenses").click()
    text = page.locator("#license-text")
    wait_for(
        page,
        "document.getElementById('license-text').textContent.length > 100_000",
    )
    assert "Copyright (c) Microsoft Corporation" in text.text_content()
    page.get_by_role("button", name="Close").click()
    assert not text.is_visible()

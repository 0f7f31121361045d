"""Models, exports and browser actions for the tests of the explorer."""

import base64
import contextlib
import functools
import gzip
import html.parser
import http.server
import io
import itertools
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
from PIL import Image

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.export.explorer import build
from keras_infogan.export.explorer.build import export_explorer
from keras_infogan.export.onnx import export_onnx
from keras_infogan.export.onnx import export_onnx_encoder
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Circular
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

PAGE = Path(build.__file__).parent / "page"
RUNTIME = Path(build.__file__).parent / "runtime"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Of float32 sums in another order; the images are in [-1, 1].
TOLERANCE = 1e-5
# Of the noise of the first image and of the end of the interpolation, which a
# rule would choose for an untrained model by chance.
SEEDS = (1, 2)
UNIQUE = itertools.count()
# Which class each category of the digits draws, as training may have it.
CLASSES = [8, 6, 5, 0, 4, 2, 7, 9, 1, 3]
CODE_MAP = CodeMap(
    {
        "category": CodeMeaning(
            tuple(CategoryMeaning(str(digit)) for digit in CLASSES),
            type="categorical",
        ),
        "continuous": CodeMeaning(
            dimensions=(
                DimensionMeaning("slant", 1, 0.97, -0.5, 0.5, "rad"),
                # It falls as the code rises: `low` belongs to -1.
                DimensionMeaning("thickness", -1, -0.95, 4.0, 2.0, "pixels"),
            ),
            type="uniform",
        ),
    }
)
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
                "kind": Categorical(3, [0.1, 0.85, 0.05]),
                "bits": Bernoulli(2),
                "other_2": Categorical(12),
                "angle": Circular(),
            },
        ),
        (16, 24, 3),
    ),
    "angle": (LatentSpec(5, {"heading": Circular()}), (8, 8, 1)),
    "wide": (
        LatentSpec(5, {"pose": Uniform(1), "pose_x": Uniform(2)}),
        (8, 12, 1),
    ),
    "plain": (LatentSpec(5, {"bits": Bernoulli(1)}), (8, 8, 1)),
}
SEVEN = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.85)], [(0.42, 0.55), (0.7, 0.55)]]


class Exported(NamedTuple):
    """A model and its files."""

    model: InfoGAN
    generator: Path
    encoder: Path
    page: Path


def export_all(name: str, folder: Path) -> Exported:
    """Exports the model of a specification as both networks and the page."""
    code_map = CODE_MAP if name == "digits" else None
    return export_codes(*SPECS[name], folder, code_map)


def export_codes(
    spec: LatentSpec,
    shape: tuple[int, int, int],
    folder: Path,
    code_map: CodeMap | None = None,
) -> Exported:
    """The same for any specification and shape of the images."""
    keras.utils.set_random_seed(0)
    model = InfoGAN(
        build_generator(spec, shape), build_discriminator(spec, shape), spec
    )
    # Initial weights give images of hardly any contrast.
    last = model.generator.layers[-2]
    last.set_weights([12.0 * weight for weight in last.get_weights()])
    generator = export_onnx(model, folder / "generator.onnx", code_map=code_map)
    encoder = export_onnx_encoder(model, folder / "encoder.onnx")
    page = export_explorer(
        generator, encoder, folder / "page.html", seeds=SEEDS
    )
    return Exported(model, generator, encoder, page)


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
    with Image.open(content) as image:
        return np.asarray(image.convert("RGB"))


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
    # An image of one gray would agree with anything near it.
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


def chosen_tile(page, name):
    return page.locator(f".tile:has(input[name={name}]:checked) canvas")

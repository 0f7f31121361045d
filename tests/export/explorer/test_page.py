"""Where the page opens, how it looks, and who can use it."""

import contextlib
import itertools

import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.export.explorer.build import export_explorer
from tests.helpers.explorer import SEVEN
from tests.helpers.explorer import assert_shows
from tests.helpers.explorer import chosen_tile
from tests.helpers.explorer import draw
from tests.helpers.explorer import open_page
from tests.helpers.explorer import served
from tests.helpers.explorer import wait_for


@pytest.mark.parametrize("origin", ["file", "http", "http folder"])
def test_it_opens_from_a_file_and_from_a_server(
    browser, digits, tmp_path, origin
):
    """It shows what Keras generates for the default codes."""
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


@pytest.mark.parametrize("width", [390, 1280])
def test_long_names_fit_and_are_escaped(browser, digits, tmp_path, width):
    """Names of Fashion-MNIST are words, and a name might hold markup."""
    names = [
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal"),
        *("Sneaker", "Ankle boot", "<img src=x onerror='window.ran=1'>"),
        "</script><script>window.ran=1</script>",
    ]
    path = export_explorer(
        digits.generator,
        digits.encoder,
        tmp_path / "page.html",
        code_map=CodeMap(
            {"category": CodeMeaning(tuple(map(CategoryMeaning, names)))}
        ),
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
        # The redrawn tiles and the gallery keep most of their width.
        tiles = page.locator("#redrawn .tile").first.bounding_box()
        assert tiles["width"] > 50
        cells = page.locator("#gallery").bounding_box()["width"]
        assert page.locator("#gallery .tile").first.bounding_box()["width"] > (
            cells / 16
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("delete window.WebAssembly", "Yours lacks WebAssembly"),
        ("delete window.DecompressionStream", "lacks DecompressionStream"),
        ("delete window.Worker", "The page could not start. Worker is not"),
    ],
)
def test_missing_browser_features_are_named(browser, digits, script, message):
    url = digits.page.as_uri()
    with open_page(browser, url, script=script) as page:
        page.wait_for_selector("#status.error")
        assert message in page.inner_text("#status")
        assert not page.locator("main").is_visible()


def test_a_folder_opened_as_a_file_asks_for_a_server(browser, digits, tmp_path):
    files = digits.generator, digits.encoder
    export_explorer(*files, tmp_path / "site", folder=True)
    url = (tmp_path / "site" / "index.html").as_uri()
    with open_page(browser, url, script="0") as page:
        page.wait_for_selector("#status.error")
        assert "python -m http.server" in page.inner_text("#status")


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_light_and_dark(browser, digits):
    """The page follows the system until someone chooses."""
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
    # Content wider than the window would make it scroll sideways.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size(size)


def test_every_control_has_an_accessible_name(page):
    """Screen readers find a name for everything that takes the focus."""
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

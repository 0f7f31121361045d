"""Where the page opens, how it looks, and who can use it."""

import contextlib
import itertools

import pytest

from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.export.explorer.build import export_explorer
from tests.helpers.explorer import SEEDS
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
            export_explorer(*files, tmp_path / "site", folder=True, seeds=SEEDS)
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
        seeds=SEEDS,
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
    export_explorer(*files, tmp_path / "site", folder=True, seeds=SEEDS)
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


PHONE = {"width": 390, "height": 844}


def test_the_image_stays_in_sight_on_a_phone(page):
    """While the sliders move, it is at the upper edge and covers none.

    It goes with its controls: the sketchpad has the whole screen.
    """
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    image = page.locator("#image")
    for name in ("slant", "thickness", "Noise seed"):
        control = page.get_by_label(name, exact=True)
        page.evaluate("scrollTo(0, 0)")
        control.focus()
        control.evaluate("node => node.scrollIntoView({ block: 'start' })")
        above, below = image.bounding_box(), control.bounding_box()
        assert 0 <= above["y"] < 30
        assert above["y"] + above["height"] < below["y"]
        assert below["y"] + below["height"] < PHONE["height"]
    page.locator("#pad").scroll_into_view_if_needed()
    page.locator("#sketchpad-title").evaluate("node => node.scrollIntoView()")
    box = image.bounding_box()
    assert box["y"] + box["height"] <= 0
    page.set_viewport_size(size)


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}])
def test_messages_cover_nothing(page, viewport):
    """Nothing moves when one appears, and no button is below it."""
    size = page.viewport_size
    page.set_viewport_size(viewport)
    for panel, button in (
        ("preview", "New noise"),
        ("gallery", "Save PNG"),
        ("interpolation", "Replace A"),
    ):
        click = page.locator(f".{panel}").get_by_role("button", name=button)
        if panel == "preview":
            click = page.get_by_role("button", name=button)
        page.evaluate(
            "document.querySelectorAll('.note').forEach(note =>"
            " note.textContent = '')"
        )
        before = click.bounding_box()
        click.click()
        note = page.locator(f"#{panel}-note")
        assert note.inner_text() == page.locator("#status").text_content()
        assert len(note.inner_text()) > 5
        box = note.bounding_box()
        overlapping = page.evaluate(
            """([left, top, right, bottom]) =>
              [...document.querySelectorAll("button, input, canvas")]
                .filter((node) => {
                  const box = node.getBoundingClientRect();
                  return box.left < right && box.right > left
                    && box.top < bottom && box.bottom > top;
                })
                .map((node) => node.outerHTML.slice(0, 60))""",
            [
                *(box["x"], box["y"]),
                *(box["x"] + box["width"], box["y"] + box["height"]),
            ],
        )
        assert overlapping == []
        # The button may have been scrolled to, but it keeps its size.
        assert click.bounding_box()["height"] == before["height"]
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

"""The sketchpad: from strokes to the posterior, and back to images."""

import itertools
import re

import numpy as np
import pytest

from tests.helpers.explorer import CLASSES
from tests.helpers.explorer import SEVEN
from tests.helpers.explorer import assert_shows
from tests.helpers.explorer import draw
from tests.helpers.explorer import go_to
from tests.helpers.explorer import open_page
from tests.helpers.explorer import pixels
from tests.helpers.explorer import settle
from tests.helpers.explorer import state
from tests.helpers.explorer import wait_for


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


def test_a_drawing_is_encoded_and_generated_again(page, digits):
    """Keras infers the same codes from it, and generates the same from them."""
    assert page.locator("#redrawn button").first.is_disabled()
    draw(page, SEVEN)
    model = digits.model
    data = page.evaluate("Array.from(window.explorer.drawing().data)")
    image = np.array(data, np.float32).reshape(1, 28, 28, 1)
    posterior = model.encode(image)
    category = int(posterior["category_logits"].argmax())
    text = page.inner_text("#posterior-text")
    assert text.startswith(f"Encoded as {CLASSES[category]}, ")
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

    # The seed from 1 to 128 whose image with these codes is closest.
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
    page.get_by_role("button", name="Show 5 in this style").click()
    assert page.inner_text("#caption") == f"5 · seed {seed}"
    page.get_by_role("button", name="Clear").click()
    settle(page)
    assert page.locator("#redrawn button").first.is_disabled()
    assert "ink=" not in page.evaluate("window.explorer.permalink()")


def test_the_search_for_noise_waits_for_the_end_of_a_stroke(page):
    """The search for the previous stroke ends when the next one begins.

    Synthetic events, as a real pointer is too slow to meet the search.
    """
    draw(page, SEVEN[:1])
    closest = page.evaluate(
        """async () => {
          const [pad, posterior, closest, pen] = ["pad", "posterior", "closest",
            "pen"].map((id) => document.getElementById(id));
          const isRead = new Promise((resolve) =>
            new MutationObserver(resolve)
              .observe(posterior, { childList: true }));
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
    assert closest[1].startswith("With the closest")


def test_touch_draws_too(browser, digits):
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
        assert page.inner_text("#posterior-text").startswith("Encoded as")


def test_an_image_can_be_encoded_without_a_mouse(page, digits):
    page.get_by_role("slider", name="slant").fill("0.7")
    page.get_by_role("button", name="Encode the image above").press("Enter")
    wait_for(page, "document.getElementById('posterior-text').textContent")
    image = digits.model.generate(
        1, codes={"category": 3, "continuous": [[0.7, 0.0]]}, seed=1
    )
    category = int(digits.model.encode(image)["category_logits"].argmax())
    text = page.inner_text("#posterior-text")
    assert text.startswith(f"Encoded as {CLASSES[category]}, ")
    settle(page)
    pad = pixels(page.locator("#pad"))
    # Another pen keeps it, and the permalink restores it, whatever the preview.
    page.get_by_role("slider", name="Pen").fill("3.5")
    page.get_by_role("radio", name="7").check()
    settle(page)
    link = page.evaluate("window.explorer.permalink()")
    page.get_by_role("button", name="Clear").click()
    settle(page)
    assert page.inner_text("#posterior-text") == ""
    go_to(page, link.partition("#")[2])
    assert page.inner_text("#caption") == "7 · seed 1"
    assert page.inner_text("#posterior-text") == text
    np.testing.assert_array_equal(pixels(page.locator("#pad")), pad)

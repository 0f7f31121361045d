"""The page in Firefox: one visit, with the checks of numbers of Chromium."""

import numpy as np
import pytest

from tests.helpers.explorer import TOLERANCE
from tests.helpers.explorer import expected_pixels
from tests.helpers.firefox import FIREFOX
from tests.helpers.firefox import open_firefox


@pytest.fixture(scope="module")
def firefox(digits, tmp_path_factory):
    """A window that has opened the page of the digits from its file."""
    if FIREFOX is None:
        pytest.skip("no Firefox: apt-get install firefox-esr")
    with open_firefox(tmp_path_factory.mktemp("profile")) as window:
        window.resize(390, 844)
        window.open(digits.page.as_uri())
        milliseconds = window.evaluate("explorer.ready")
        assert isinstance(milliseconds, int | float), milliseconds
        yield window


def test_networks_and_noise_agree_with_keras(firefox, digits):
    model = digits.model
    latents = model.sample_latents(3, seed=5)
    images = np.random.default_rng(0).uniform(-1, 1, (2, *model.image_shape))
    dims, generated, encoded, noise = firefox.evaluate(
        """(async () => {
          const { dims, data } = await explorer.generate(inputs[0]);
          const outputs = await explorer.encode(inputs[1]);
          const encoded = Object.entries(outputs).map(([name, { data }]) =>
            [name, Array.from(data)]);
          return [dims, Array.from(data), Object.fromEntries(encoded),
            Array.from(explorer.noise(5, 500))];
        })()""",
        {name: rows.numpy().tolist() for name, rows in latents.items()},
        images.reshape(2, -1).tolist(),
    )
    np.testing.assert_allclose(
        np.reshape(generated, dims),
        model.generate_from(latents),
        atol=TOLERANCE,
    )
    posterior = model.encode(images.astype(np.float32))
    for name, values in posterior.items():
        np.testing.assert_allclose(
            np.reshape(encoded[name], values.shape),
            values,
            atol=TOLERANCE,
            rtol=TOLERANCE,
            err_msg=name,
        )
    # As in test_inference.py, which says how exact quantiles are.
    wide = model.sample_latents(1, seed=5)["noise"][0]
    np.testing.assert_allclose(noise[:62], wide, atol=2e-6)


def test_a_slider_moves_the_image(firefox, digits):
    """And its tile shows what Keras generates."""
    label, text, data = firefox.evaluate(
        """(async () => {
          const slider = document.querySelector("input[type=range]");
          slider.value = 0.5;
          slider.dispatchEvent(new Event("input"));
          await explorer.settled();
          const canvas = document.querySelector(".tile:has(:checked) canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
          return [slider.labels[0].textContent,
            slider.getAttribute("aria-valuetext"), Array.from(data)];
        })()"""
    )
    assert label == "slant"
    assert text.startswith("slanted right +0.50")
    latents = digits.model.sample_latents(
        1, codes={"category": 3, "continuous": [[0.5, 0.0]]}, seed=1
    )
    received = np.reshape(data, (28, 28, 4))[..., :3]
    expected = expected_pixels(digits.model, latents)[0]
    # Half a step may round to a whole one.
    np.testing.assert_allclose(received, expected, atol=0.51)


def test_the_image_stays_in_sight_of_the_sliders(firefox):
    """As in Chromium: at the upper edge, and above the slider."""
    image, slider = firefox.evaluate(
        """(async () => {
          const box = (name) => {
            const { top, bottom } =
              document.querySelector(name).getBoundingClientRect();
            return [top, bottom];
          };
          const name = ".slider:last-child input";
          document.querySelector(name).scrollIntoView({ block: "center" });
          return [box("#image"), box(name)];
        })()"""
    )
    assert 0 <= image[0] < 30
    assert slider[0] > image[1]

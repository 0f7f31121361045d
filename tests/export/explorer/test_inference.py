"""The networks and the noise of the page, compared with Keras."""

import numpy as np
import pytest

from keras_infogan.models.infogan import InfoGAN
from tests.helpers.explorer import SPECS
from tests.helpers.explorer import TOLERANCE
from tests.helpers.explorer import assert_shows
from tests.helpers.explorer import chosen_tile
from tests.helpers.explorer import open_page
from tests.helpers.explorer import settle
from tests.helpers.explorer import state
from tests.helpers.explorer import wait_for


@pytest.mark.parametrize("name", SPECS)
def test_networks_agree_with_keras(browser, exported, name):
    """For random latents, and for images that no generator made."""
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


def test_seeds_give_the_noise_of_python(page, digits):
    """The bits are the same; the quantiles agree to about 1e-6.

    TensorFlow computes quantiles in float32, whose spacing at 4 is 5e-7.
    """
    for seed in (0, 1, 12, 2**31 + 5, 2**32 - 1):
        noise = page.evaluate(
            "seed => Array.from(window.explorer.noise(seed, 500))", seed
        )
        # The values of a row do not depend on how many there are.
        wide = InfoGAN.sample_latents(digits.model, 9, seed=seed)["noise"]
        np.testing.assert_allclose(noise[:62], wide[0], atol=2e-6)
        assert np.ptp(noise) > 5


def test_the_page_recovers_from_an_error(browser, digits):
    """Such as a phone that was out of memory for a moment."""
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

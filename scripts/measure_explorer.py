"""Measures an explorer that `keras-infogan explore` made.

python scripts/measure_explorer.py explorer.html --screenshot explorer.png

The measurements are printed to stdout as one JSON object. They and the
screenshot need Chromium (`apt-get install chromium`) and playwright, which is
in the extra `dev`.
"""

import argparse
import base64
import json
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# A hand-drawn 3: x and y of its points, from 0 to 255.
THREE = (
    *(70, 62, 84, 46, 106, 36, 130, 36, 150, 46, 158, 62, 154, 82, 140, 98),
    *(120, 108, 108, 112, 122, 112, 144, 118, 160, 132, 168, 152, 164, 176),
    *(148, 196, 124, 206, 98, 204, 78, 192, 68, 178),
)
# One image at a time, as for a moving slider.
TIME_IMAGES = """async () => {
  const { noise, page, generate } = window.explorer;
  const inputs = { noise: [Array.from(noise(1, page.noise_dim))] };
  for (const [name, code] of Object.entries(page.codes)) {
    inputs[name] = [Array(code.dim).fill(0)];
  }
  const times = [];
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    await generate(inputs);
    times.push(performance.now() - start);
  }
  return times;
}"""


@contextmanager
def open_page(url: str, **options: Any) -> Iterator[Any]:
    """Opens the page in a new browser and waits for its first image."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(
            viewport={"width": 1280, "height": 900}, **options
        )
        page.goto(url)
        page.evaluate("window.explorer.ready")
        yield page
        browser.close()


def measure(page_path: Path, *, num_loads: int) -> dict[str, Any]:
    """Measures bytes, and median times to load and to generate an image."""
    loads = []
    for _ in range(num_loads):
        with open_page(page_path.as_uri()) as page:
            loads.append(page.evaluate("window.explorer.ready") / 1000)
            times = page.evaluate(TIME_IMAGES)
    return {
        "bytes": page_path.stat().st_size,
        "seconds_to_first_image": round(statistics.median(loads), 2),
        "milliseconds_per_image": round(statistics.median(times), 2),
    }


def take_screenshot(page_path: Path, output: Path, *, scheme: str) -> None:
    """Saves a screenshot of the whole page with a 3 on the sketchpad."""
    strokes = base64.urlsafe_b64encode(bytes([len(THREE) // 2, *THREE]))
    url = f"{page_path.as_uri()}#ink={strokes.decode().rstrip('=')}"
    with open_page(url, color_scheme=scheme, device_scale_factor=1.5) as page:
        page.screenshot(path=output, full_page=True)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("page", type=Path, help="an explorer's HTML file")
    parser.add_argument("--loads", type=int, default=5, metavar="N")
    parser.add_argument("--screenshot", type=Path, metavar="FILE")
    parser.add_argument(
        "--dark", action="store_true", help="take a dark screenshot"
    )
    args = parser.parse_args()
    page_path = args.page.resolve()
    print(json.dumps(measure(page_path, num_loads=args.loads)))
    if args.screenshot:
        scheme = "dark" if args.dark else "light"
        take_screenshot(page_path, args.screenshot, scheme=scheme)


if __name__ == "__main__":
    main()

"""MNIST for all tests, prepared once by tfds without a network.

TensorFlow is imported in the fixtures: the process of pytest-xdist that only
distributes the tests needs none.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import NoReturn

import pytest

if TYPE_CHECKING:
    from keras_infogan.data.dataset import ImageData

# As the command line sets it: tests of its errors allow nothing else on stderr,
# and the first operation of a process may write there.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Before onnxruntime is imported, which would look up a host.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def _refuse(*args: object, **kwargs: object) -> NoReturn:
    raise OSError(101, "Network is unreachable")


@pytest.fixture
def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside can be reached, and nobody has a proxy."""
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    monkeypatch.setattr(socket, "getaddrinfo", _refuse)
    monkeypatch.setattr("urllib.request.getproxies", dict)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; tests that use it are skipped without."""
    from tests.helpers.explorer import CHROMIUM

    api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def mnist_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tfds folder with MNIST, prepared from the archives of the package.

    The processes of pytest-xdist share it: the first one prepares it.
    """
    from keras_infogan.data.bundled import BUNDLED_ARCHIVES
    from keras_infogan.data.sources import open_images

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    data_dir = folder / "tfds"
    data_dir.mkdir(exist_ok=True)
    with (
        (folder / "tfds.lock").open("w") as lock,
        pytest.MonkeyPatch.context() as patch,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(socket, "getaddrinfo", _refuse)
        open_images(
            "mnist",
            split="test[:1]",
            data_dir=data_dir,
            archives_dir=BUNDLED_ARCHIVES / "mnist",
        )
    return data_dir


@pytest.fixture(scope="session")
def mnist_train() -> "ImageData":
    """The 60,000 training images, shared: leave them as they are."""
    from keras_infogan.data.sources import open_images

    return open_images("mnist")


@pytest.fixture(scope="session")
def mnist_test() -> "ImageData":
    """The 10,000 test images, shared: leave them as they are."""
    from keras_infogan.data.sources import open_images

    return open_images("mnist", split="test")


@pytest.fixture(scope="session")
def few_digits_dir(
    mnist_train: "ImageData",
    mnist_test: "ImageData",
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A tfds folder with `few_digits`: 640 and 200 images of MNIST."""
    from tests.helpers.few_digits import FewDigits

    data_dir = tmp_path_factory.mktemp("few_digits")
    FewDigits.digits = {"train": mnist_train, "test": mnist_test}
    FewDigits(data_dir=data_dir).download_and_prepare()
    return data_dir

"""ONNX Runtime collects statistics, unless it is told not to."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What ONNX Runtime and all else asks for the address of a host.
_RESOLVER = """
#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **result) {
    _exit(99);
}
"""


@pytest.fixture(scope="module")
def resolver(tmp_path_factory):
    """A library whose resolver ends the process."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: apt-get install gcc")
    folder = tmp_path_factory.mktemp("resolver")
    (folder / "resolver.c").write_text(_RESOLVER)
    library = folder / "resolver.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", library, folder / "resolver.c"],
        check=True,
    )
    return library


def run(code, resolver, folder):
    environment = {k: v for k, v in os.environ.items() if "ORT_" not in k}
    environment |= {"LD_PRELOAD": str(resolver), "TMPDIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, check=False
    ).returncode


def test_the_resolver_ends_who_asks_it(resolver, tmp_path):
    code = "import socket; socket.getaddrinfo('localhost', 80)"
    assert run(code, resolver, tmp_path) == 99


def test_exports_contact_nobody(resolver, tmp_path):
    """Nor do they begin a session, in a file that is there at once."""
    code = (
        "from keras_infogan.models.onnx_networks import open_session\n"
        "open_session(open('saved_models/mnist.onnx', 'rb').read())"
    )
    assert run(code, resolver, tmp_path) == 0
    assert not list(tmp_path.iterdir())


def test_every_import_of_it_comes_after_the_setting():
    """Also in examples and documents; for tests, conftest.py has it."""
    files = [
        path
        for suffix in ("py", "md")
        for folder in ("keras_infogan", "scripts")
        for path in (ROOT / folder).rglob(f"*.{suffix}")
    ]
    found = 0
    for path in (ROOT / "README.md", *files):
        before, *after = re.split(
            r"^ *import onnxruntime\b", path.read_text(), flags=re.MULTILINE
        )
        found += len(after)
        assert not after or "ORT_DISABLE_TELEMETRY" in before, path
    assert found >= 3
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"

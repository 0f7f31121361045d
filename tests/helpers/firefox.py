"""Firefox without a driver: a client of its own protocol, Marionette.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
_PATIENCE = 60  # seconds, for a start on a busy machine


class Firefox:
    """A window of Firefox; each command is one message, and one answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._count = 0
        self._read()  # The greeting.
        timeouts = {"timeouts": {"script": 1000 * _PATIENCE}}
        capabilities = {"capabilities": {"alwaysMatch": timeouts}}
        self.command("WebDriver:NewSession", **capabilities)

    def _read(self) -> Any:
        size = b""
        while (digit := self._answers.read(1)) != b":":
            size += digit
        return json.loads(self._answers.read(int(size)))

    def command(self, name: str, **arguments: Any) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, name, arguments]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        assert error is None, error
        return result["value"] if "value" in result else result

    def evaluate(self, expression: str, *arguments: Any) -> Any:
        """The result of a JavaScript expression, or of its promise."""
        return self.command(
            "WebDriver:ExecuteAsyncScript",
            script=f"""const done = arguments[arguments.length - 1];
            const inputs = [...arguments].slice(0, -1);
            Promise.resolve({expression}).then(done, error =>
              done("failed: " + error));""",
            args=list(arguments),
        )

    def resize(self, width: int, height: int) -> None:
        self.command("WebDriver:SetWindowRect", width=width, height=height)

    def open(self, url: str) -> None:
        self.command("WebDriver:Navigate", url=url)


@contextlib.contextmanager
def open_firefox(profile: Path) -> Iterator[Firefox]:
    """Starts Firefox with an empty profile, and ends it."""
    assert FIREFOX is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
    process = subprocess.Popen(
        [FIREFOX, "--headless", "--marionette", "--no-remote"]
        + ["--profile", str(profile)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with _connect(process, port) as connection:
            yield Firefox(connection)
    finally:
        process.terminate()
        process.wait()


def _connect(process: Any, port: int) -> socket.socket:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_connection(
                ("127.0.0.1", port), timeout=_PATIENCE
            )
        except OSError:
            assert process.poll() is None, "Firefox has ended."
            assert time.monotonic() < deadline, "Firefox does not answer."
            time.sleep(0.1)

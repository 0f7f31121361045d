"""Lets tfds prepare a data set, or says in one line why it cannot."""

import contextlib
import io
import json
import os
import re
import socket
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download import download_manager

from keras_infogan.files import one_line


def prepare(builder: tfds.core.DatasetBuilder, archives: Path | None) -> None:
    """Lets tfds prepare a data set, from `archives` if they are given."""
    root = os.fspath(builder.data_dir_root)
    _check_sources(builder, archives, Path(root) / "downloads")
    try:
        with contextlib.ExitStack() as stack:
            # What tfds prints speaks of a download, even where there is none.
            print(
                f"Preparing {builder.name} in {root}, this once ...",
                file=sys.stderr,
            )
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            if not sys.stderr.isatty():
                tfds.disable_progress_bar()
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            if archives:
                # tfds names what it extracted after the archive alone, and
                # uses it again: Fashion-MNIST, whose archives have the names
                # of MNIST's, would be MNIST. Hence a folder for this time.
                os.makedirs(root, exist_ok=True)
                config.extract_dir = stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="extracted-", dir=root)
                )
                config.manual_dir = os.fspath(archives)
            builder.download_and_prepare(download_config=config)
    except download_manager.NonMatchingChecksumError as error:
        found = re.search(r"downloaded to (.*), has wrong check", str(error))
        file = Path(found[1] if found else str(archives))
        raise OSError(
            f"The archive {file.name} of data set {builder.name!r} in "
            f"{file.parent} is not the one tfds knows: its SHA-256 or size "
            "differs. Replace it by an undamaged copy."
        ) from error
    except (
        tfds.download.DownloadError,
        tf.errors.OpError,
        AssertionError,
        ImportError,
        OSError,
    ) as error:
        if Path(builder.data_dir).exists():
            return  # Another process prepared it meanwhile.
        remedy = "Give its archives by archives_dir (--archives-dir)."
        if getattr(error, "errno", None):
            remedy = "Choose another folder by data_dir or TFDS_DATA_DIR."
        raise OSError(
            f"Could not prepare data set {builder.name!r} in {root}: "
            f"{one_line(error)}. {remedy}"
        ) from error


def _check_sources(
    builder: tfds.core.DatasetBuilder, archives: Path | None, downloads: Path
) -> None:
    """Raises if an archive is neither there nor to be had.

    Without this check tfds would download what `archives` lacks, and try for
    minutes without a network. Sources that tfds has no list of pass.
    """
    # tfds writes a note beside each file that it downloaded.
    notes = downloads.rglob("*.INFO.json")
    cached = {url for n in notes for url in json.loads(n.read_text())["urls"]}
    missing = {
        url: info.filename
        for url, info in (builder.url_infos or {}).items()
        if url not in cached
        and not (
            archives and info.filename and (archives / info.filename).is_file()
        )
    }
    # One of several configurations needs some of the archives, not all.
    if archives and missing and len(builder.builder_configs) < 2:
        files = ", ".join(sorted(filter(None, missing.values())))
        raise FileNotFoundError(
            f"Expected the archives of data set {builder.name!r} in "
            f"{archives}. Missing: {files}. Put them there, or leave out "
            "archives_dir (--archives-dir) to download them."
        )
    if missing and not _any_host_answers(missing):
        raise ConnectionError(
            f"Data set {builder.name!r} is not prepared in "
            f"{builder.data_dir_root}, and none of the hosts of its archives "
            f"can be reached: {', '.join(sorted(_hosts(missing)))}. Put the "
            "archives into a folder and give it by archives_dir "
            "(--archives-dir)."
        )


def _hosts(urls: Iterable[str]) -> set[str]:
    parts = map(urllib.parse.urlsplit, urls)
    # Not the buckets of gs://, which are no hosts.
    return {
        part.hostname
        for part in parts
        if part.hostname and part.scheme in ("http", "https", "ftp")
    }


def _any_host_answers(urls: Iterable[str], *, seconds: float = 5.0) -> bool:
    """Whether the name of a host is resolved within `seconds`."""
    if urllib.request.getproxies():
        return True  # A proxy resolves names that this machine cannot.
    answered = threading.Event()

    def resolve(host: str) -> None:
        with contextlib.suppress(OSError):
            socket.getaddrinfo(host, None)
            answered.set()

    # Daemons, since getaddrinfo() knows no time limit.
    threads = [
        threading.Thread(target=resolve, args=(host,), daemon=True)
        for host in _hosts(urls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds / len(threads))
    return answered.is_set() or not threads

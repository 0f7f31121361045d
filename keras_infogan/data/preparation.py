"""Prepares a tfds data set, with errors in one line."""

import contextlib
import io
import logging
import os
import re
import socket
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download import download_manager

from keras_infogan.files import one_line
from keras_infogan.json_text import check_schema
from keras_infogan.json_text import read_json

_logger = logging.getLogger(__name__)


def prepare(builder: tfds.core.DatasetBuilder, archives: Path | None) -> None:
    """Prepares a data set with tfds.

    Args:
        builder: A data set that is not prepared.
        archives: Folder of the original archives; `None` to download them.

    Raises:
        OSError: If the data set cannot be prepared: a `FileNotFoundError` if
            archives are missing, a `ConnectionError` without a network.
    """
    root = os.fspath(builder.data_dir_root)
    _check_sources(builder, archives, Path(root) / "downloads")
    _logger.info("Preparing %s in %s, this once ...", builder.name, root)
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    try:
        with contextlib.ExitStack() as stack:
            # tfds announces a download even where there is none.
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            if archives:
                # tfds caches extracted files by the archive's name alone.
                # Fashion-MNIST's archives have the names of MNIST's, so it
                # would become MNIST: extract into a folder of its own.
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
            "differs. Replace it with an undamaged copy."
        ) from error
    except (
        tfds.download.DownloadError,
        tf.errors.OpError,
        AssertionError,
        ImportError,
        OSError,
    ) as error:
        if Path(builder.data_dir).exists():
            return  # Another process has prepared it.
        remedy = "Pass its archives as archives_dir (--archives-dir)."
        if getattr(error, "errno", None):
            remedy = "Choose another folder with data_dir or TFDS_DATA_DIR."
        raise OSError(
            f"Could not prepare data set {builder.name!r} in {root}: "
            f"{one_line(error)}. {remedy}"
        ) from error


def _check_sources(
    builder: tfds.core.DatasetBuilder, archives: Path | None, downloads: Path
) -> None:
    """Raises if an archive is neither present nor can be downloaded.

    Otherwise tfds would download what `archives` lacks, and without a network
    retry for minutes. Data sets without a list of URLs pass.
    """
    # tfds writes an INFO file beside each download.
    notes = downloads.rglob("*.INFO.json")
    cached = {url for note in notes for url in _find_urls(note)}
    missing = {
        url: info.filename
        for url, info in (builder.url_infos or {}).items()
        if url not in cached
        and not (
            archives and info.filename and (archives / info.filename).is_file()
        )
    }
    # One of several configurations needs only some of the archives.
    if archives and missing and len(builder.builder_configs) < 2:
        files = ", ".join(sorted(filter(None, missing.values())))
        raise FileNotFoundError(
            f"Expected the archives of data set {builder.name!r} in "
            f"{archives}. Missing: {files}. Put them there, or leave out "
            "archives_dir (--archives-dir) to download them."
        )
    # Excludes gs://, whose buckets are not hosts.
    parts = map(urllib.parse.urlsplit, missing)
    schemes = ("http", "https", "ftp")
    hosts = sorted({p.hostname or "" for p in parts if p.scheme in schemes})
    if hosts and not _any_host_answers(hosts):
        raise ConnectionError(
            f"Data set {builder.name!r} is not prepared in "
            f"{builder.data_dir_root}, and none of the hosts of its archives "
            f"can be reached: {', '.join(hosts)}. Put the archives into a "
            "folder and pass it as archives_dir (--archives-dir)."
        )


def _find_urls(note: Path) -> list[str]:
    """The URLs of a download; none if the note is damaged."""
    try:
        urls = read_json(note)["urls"]
        check_schema(urls, list[str], "urls")
    except (ValueError, KeyError, TypeError):
        return []
    return urls


def _any_host_answers(hosts: list[str]) -> bool:
    """Whether any host name resolves within five seconds."""
    if urllib.request.getproxies():
        return True  # A proxy may resolve names that this machine cannot.
    answered = threading.Event()

    def resolve() -> None:
        for host in hosts:
            with contextlib.suppress(OSError):
                socket.getaddrinfo(host, None)
                answered.set()
                return

    # A daemon, because getaddrinfo() has no timeout.
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(5.0)
    return answered.is_set()

"""Images in a folder, of any size and format."""

import concurrent.futures
import contextlib
import hashlib
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_infogan.data.image_file import open_image
from keras_infogan.data.source import Places
from keras_infogan.data.source import RowSource
from keras_infogan.data.source import find_path
from keras_infogan.data.source import number_classes
from keras_infogan.data.source import split_rows
from keras_infogan.files import one_line

_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"
)  # fmt: skip
# Images that are decoded before the next ones are asked for.
_CHUNK = 512
# Files that tell whether all have one size, and whether they are in color.
_NUM_OPENED = 20

_logger = logging.getLogger(__name__)


class Folder(RowSource):
    """A folder of image files.

    Sub-folders are classes; a single one is not a class. If there
    are sub-folders `train` and `test`, and others for more splits, their
    sub-folders are classes. Hidden files, and those without the suffix of an
    image, are ignored.

    Raises:
        ValueError: If there is no image, or if there are images both beside
            and in sub-folders.
    """

    is_slow = True

    def __init__(self, root: Path) -> None:
        self._root, self.name = root, root.name
        files = {name: _list(root / name) for name in _list_folders(root)}
        parts = {name: paths for name, paths in files.items() if paths}
        if {"train", "test"} <= set(parts):
            sub_folders = 2
        else:
            sub_folders, parts = 1, {"": [*_list(root, deep=False)]}
            parts[""] += [path for paths in files.values() for path in paths]
        self._files = [path for paths in parts.values() for path in paths]
        if not self._files:
            raise ValueError(
                f"Expected a folder with images ({', '.join(_SUFFIXES)}). "
                f"Received: {root}, which has none."
            )
        names = [
            path.relative_to(root).parts[sub_folders - 1 : -1][:1]
            for path in self._files
        ]
        labels = None
        if any(names):
            if not all(names):
                beside = self._files[names.index(())]
                raise ValueError(
                    f"Expected images in {root} or in its sub-folders, which "
                    f"are classes, but not in both. Received: {beside} beside "
                    "sub-folders with images. Move one or the other."
                )
            classes = np.array([name[0] for name in names])
            labels, self.class_names = number_classes(classes)
        if len(self.class_names) < 2:
            labels, self.class_names = None, ()
        ends = np.cumsum([len(paths) for paths in parts.values()])
        rows = np.split(np.arange(len(self._files)), ends[:-1])
        super().__init__(
            dict(zip(parts, rows, strict=True))
            if len(parts) > 1
            else split_rows(len(self._files), labels),
            labels,
        )
        self.identity = _hash_listing(root, self._files)
        self.image_shape = _common_shape(self._files[:_NUM_OPENED])

    @classmethod
    def open(cls, source: Any, places: Places) -> "Folder | None":
        if not isinstance(source, str | os.PathLike):
            return None
        path = find_path(source)
        if path is None:
            return None
        if not path.is_dir():
            found = "a file" if path.exists() else "nothing there"
            raise ValueError(
                "Expected a folder with images, or an .npy or .npz file. "
                f"Received: {path}, {found}."
            )
        return cls(path)

    def read(self, split, fit):
        rows, errors = self.rows(split), []
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for start in range(0, len(rows), _CHUNK):
                chunk = rows[start : start + _CHUNK]
                futures = [
                    pool.submit(lambda path: fit(open_image(path)), path)
                    for path in (self._files[row] for row in chunk)
                ]
                errors += [
                    one_line(error)
                    for future in futures
                    if (error := future.exception())
                ]
                if not errors:
                    yield (
                        np.stack([future.result() for future in futures]),
                        None if self.labels is None else self.labels[chunk],
                    )
        if errors:
            raise ValueError(
                f"{len(errors)} of {len(rows)} files cannot be used: "
                f"{' '.join(errors[:3])}{' ...' * (len(errors) > 3)} Repair or "
                "remove them."
            )

    def file_names(self, split):
        return tuple(
            str(self._files[row].relative_to(self._root))
            for row in self.rows(split)
        )


def _list_folders(root: Path) -> list[str]:
    return sorted(
        entry.name
        for entry in os.scandir(root)
        if entry.is_dir() and not entry.name.startswith(".")
    )


def _list(folder: Path, *, deep: bool = True) -> list[Path]:
    """The image files of a folder and, if `deep`, of those inside it."""
    found = []
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(folders) if deep else []
        found += [
            Path(path, file)
            for file in sorted(files)
            if file.lower().endswith(_SUFFIXES) and not file.startswith(".")
        ]
    return found


def _common_shape(
    files: list[Path],
) -> tuple[int | None, int | None, int]:
    """Height and width, `None` if they vary, and channels."""
    images = [open_image(files[0])]
    for path in files[1:]:
        # What cannot be opened is named later, with all others.
        with contextlib.suppress(OSError, ValueError):
            images.append(open_image(path))
    channels = 1 if all(image.mode == "L" for image in images) else 3
    if len({image.size for image in images}) > 1:
        return None, None, channels
    return images[0].height, images[0].width, channels


def _hash_listing(root: Path, files: list[Path]) -> str:
    digest = hashlib.sha256(str(root).encode())
    for path in files:
        status = path.stat()
        line = f"\n{path}\t{status.st_size}\t{status.st_mtime_ns}"
        digest.update(os.fsencode(line))
    return digest.hexdigest()

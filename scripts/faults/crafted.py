"""Files that a hand has made wrong, each kind at each place it applies to.

What a flipped bit does not find: files that are no files, containers that are
valid and name too much, and checksums that are damaged themselves.
"""

import contextlib
import dataclasses
import functools
import io
import json
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from keras_infogan import checksums
from scripts.faults import targets

Make = Callable[[Path], None]
_GIGABYTE = 2**30


@dataclasses.dataclass(frozen=True)
class Case:
    """A wrong file.

    Args:
        name: What is wrong.
        target: What reads it.
        make: Is called with the path of the good file, and makes it wrong.
        keeps_checksum: Whether the checksum of the good file stays. Without
            it there is none, or that which `make` writes.
        may_differ: Whether another result is right, as the file is valid.
    """

    name: str
    target: targets.Target
    make: Make
    keeps_checksum: bool = True
    may_differ: bool = False


def _write(make: Callable[[bytes], bytes]) -> Make:
    """From a change of the content."""
    return lambda path: _replace(path, make(path.read_bytes()))


def _apply(members: dict[str, bytes], name: str, make: Make) -> None:
    """Changes a member as a file is changed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "member"
        path.write_bytes(members[name])
        make(path)
        members[name] = path.read_bytes()


def _replace(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link_to(target: str) -> Make:
    def make(path: Path) -> None:
        path.unlink()
        path.symlink_to(target.format(name=path.name))

    return make


def _sparse(path: Path) -> None:
    """One gigabyte, of which the file system stores nothing."""
    os.truncate(path, _GIGABYTE)


def _only_sparse(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, _GIGABYTE)


SPECIAL: dict[str, Make] = {
    "a directory": _directory,
    "a pipe": _pipe,
    "a link to /dev/zero": _link_to("/dev/zero"),
    "a link to itself": _link_to("{name}"),
    "a link to nothing": _link_to("nowhere"),
    "with a gigabyte of holes": _sparse,
    "a gigabyte of holes": _only_sparse,
}
CHECKSUMS: dict[str, Make] = {
    "an empty checksum": _write(lambda data: b""),
    "half a checksum": _write(lambda data: data[:30]),
    "a checksum without a name": _write(lambda data: data[:64] + b"\n"),
    "a checksum of zeros": _write(lambda data: b"0" * 64 + data[64:]),
    "a checksum of another file": _write(lambda data: data[:66] + b"x\n"),
    "a checksum in UTF-16": _write(lambda data: data.decode().encode("utf-16")),
    "a checksum with CRLF": _write(lambda data: data.replace(b"\n", b"\r\n")),
    "a checksum in capitals": _write(
        lambda data: data[:64].upper() + data[64:]
    ),
    "a checksum twice": _write(lambda data: data * 2),
    "a checksum of another run": _write(
        lambda data: re.sub(b"# run [0-9a-f]{64}", b"# run " + b"0" * 64, data)
    ),
    "a run that is none": _write(
        lambda data: data.partition(b"#")[0] + b"# run 0\n# run\n#"
    ),
}


# JSON: of any file; the good content is an object.
def _before_end(text: str) -> Callable[[bytes], bytes]:
    return lambda data: data.rstrip()[:-1] + b", " + text.encode() + b"}"


JSON: dict[str, Make] = {
    "a byte order mark": _write(lambda data: b"\xef\xbb\xbf" + data),
    "JSON in UTF-16": _write(lambda data: data.decode().encode("utf-16")),
    "NaN": _write(_before_end('"x": NaN')),
    "a number of a million digits": _write(
        _before_end('"x": 1' + "0" * 1_000_000)
    ),
    "an exponent of a million": _write(_before_end('"x": 1e1000000')),
    "a key twice": _write(
        lambda data: _before_end(
            json.dumps(next(iter(json.loads(data)))) + ": 0"
        )(data)
    ),
    "every key twice": _write(
        lambda data: data.rstrip()[:-1] + b", " + data.strip()[1:]
    ),
    "half of a surrogate pair": _write(_before_end('"x": "\\ud800"')),
    "a zero in a string": _write(_before_end('"\\u0000": "\\u0000"')),
    "a comment": _write(lambda data: b"// x\n" + data),
    "a second value": _write(lambda data: data + data),
    "a million brackets": _write(_before_end('"x": ' + "[" * 1_000_000)),
    "digits of Arabic": _write(
        lambda data: "".join(
            chr(0x660 + int(x)) if x in "0123456789" else x
            for x in data.decode()
        ).encode()
    ),
}


def _archive(change: Callable[[dict[str, bytes]], Any]) -> Make:
    """From a change of the members; stored as Keras stores them."""

    def make(data: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        extra = change(members) or []
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in [*members.items(), *extra]:
                archive.writestr(name, content)
        return buffer.getvalue()

    return _write(make)


def _edit_weights(
    edit: Callable[[h5py.File], None],
) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        buffer = io.BytesIO(data)
        with h5py.File(buffer, "r+") as file:
            edit(file)
        return buffer.getvalue()

    return make


def _datasets(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(
        lambda name, item: (
            names.append(name) if isinstance(item, h5py.Dataset) else None
        )
    )
    return names


def _bomb(file: h5py.File) -> None:
    """Three gigabytes that are stored in no bytes."""
    name = _datasets(file)[0]
    del file[name]
    file.create_dataset(name, (3 * 2**28,), "f4", chunks=True, fillvalue=1.0)


def _external(file: h5py.File) -> None:
    """The weights are what another file has."""
    name = next(x for x in _datasets(file) if file[x].dtype == "f4")
    shape = file[name].shape
    size = int(np.prod(shape)) * 4
    del file[name]
    file.create_dataset(
        name, shape, "f4", external=[("/proc/self/exe", 0, size)]
    )


def _linked(file: h5py.File) -> None:
    name = _datasets(file)[0]
    del file[name]
    file[name] = h5py.ExternalLink("/proc/self/exe", "/x")


def _ring(file: h5py.File) -> None:
    """A group that is in itself."""
    group = file[next(iter(file))]
    group["ring"] = group


def _change_dtype(dtype: str) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        name = next(x for x in _datasets(file) if file[x].dtype == "f4")
        array = np.asarray(file[name])
        del file[name]
        file[name] = array.astype(dtype)

    return edit


WEIGHTS: dict[str, Callable[[bytes], bytes]] = {
    "weights that unpack to 3 GB": _edit_weights(_bomb),
    "weights in another file": _edit_weights(_external),
    "weights linked from another file": _edit_weights(_linked),
    "a group in itself": _edit_weights(_ring),
    "weights of half precision": _edit_weights(_change_dtype("f2")),
    "complex weights": _edit_weights(_change_dtype("c8")),
    "weights as text": _edit_weights(_change_dtype("S8")),
}


def _set(name: str, make: Callable[[bytes], bytes]) -> Any:
    return lambda members: members.update({name: make(members[name])})


def _set_config(change: Callable[[Any], Any]) -> Any:
    def make(data: bytes) -> bytes:
        content = json.loads(data)
        change(content)
        return json.dumps(content).encode()

    return _set("config.json", make)


MODEL: dict[str, Make] = {
    "a zip bomb": _archive(_set("config.json", lambda x: x + b" " * 10**9)),
    "a zip bomb beside it": _archive(
        lambda members: members.update({"assets/x": bytes(10**9)})
    ),
    "a name that leads up": _archive(
        lambda members: members.update({"../../../escaped": b"x"})
    ),
    "a name in assets that leads up": _archive(
        lambda members: members.update({"assets/../../../escaped": b"x"})
    ),
    "an absolute name": _archive(
        lambda members: members.update({"/escaped": b"x"})
    ),
    "a member twice": _archive(
        lambda members: [("model.weights.h5", members["model.weights.h5"])]
    ),
    "a configuration twice": _archive(lambda members: [("config.json", b"{}")]),
    "a Lambda layer": _archive(
        _set_config(
            lambda x: x.update(
                module="keras.layers",
                class_name="Lambda",
                registered_name=None,
                config={"name": "x", "function": {"class_name": "__lambda__"}},
            )
        )
    ),
    "a class of os": _archive(
        _set_config(
            lambda x: x.update(
                module="os", class_name="system", registered_name=None
            )
        )
    ),
    "another class of Keras": _archive(
        _set_config(
            lambda x: x.update(
                module="keras",
                class_name="Sequential",
                registered_name=None,
                config={"layers": []},
            )
        )
    ),
    "a layer of 10^12 units": _archive(
        _set(
            "config.json",
            lambda x: x.replace(b'"units": ', b'"units": 1000000000000'),
        )
    ),
    **{
        f"{name} in a model": _archive(_set("model.weights.h5", make))
        for name, make in WEIGHTS.items()
    },
    **{
        f"{name} in config.json": _archive(
            functools.partial(_apply, name="config.json", make=make)
        )
        for name, make in JSON.items()
        if name not in ("a zero in a string", "a number of a million digits")
    },
}


def _header(text: str, version: bytes = b"\x01\x00") -> bytes:
    """The start of an `.npy` file."""
    content = text.encode()
    size = struct.pack("<H" if version[0] == 1 else "<I", len(content) + 1)
    return b"\x93NUMPY" + version + size + content + b"\n"


def _describe(shape: str, descr: str = "'|u1'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


NPY: dict[str, bytes] = {
    "2^62 images": _header(_describe("(4611686018427387904, 8, 8)")) + b"x",
    "a negative shape": _header(_describe("(-1, 8, 8)")) + bytes(64),
    "a shape of 0": _header(_describe("(0, 8, 8)")),
    "images of 0 pixels": _header(_describe("(40, 0, 8)")),
    "objects": _header(_describe("(40, 8, 8)", "'|O'")) + bytes(2560),
    "fields": _header(_describe("(40, 8, 8)", "[('a', '|u1')]")) + bytes(2560),
    "dates": _header(_describe("(40, 8, 8)", "'<M8[s]'")) + bytes(20480),
    "complex numbers": _header(_describe("(40, 8, 8)", "'<c8'")) + bytes(20480),
    "a header of code": _header("__import__('os').system('x')") + bytes(64),
    "a header of a megabyte": _header(
        _describe("(" + "1," * 500_000 + ")"), b"\x02\x00"
    ),
    "a header of brackets": _header("(" * 60_000, b"\x02\x00"),
    "version 9": _header(_describe("(40, 8, 8)"), b"\x09\x00") + bytes(2560),
    "a NaN": _header(_describe("(40, 8, 8)", "'<f4'"))
    + np.full((40, 8, 8), np.nan, "f4").tobytes(),
    "an infinity": _header(_describe("(40, 8, 8)", "'<f4'"))
    + np.full((40, 8, 8), np.inf, "f4").tobytes(),
    "40 dimensions": _header(_describe("(" + "1," * 40 + ")")) + b"x",
}


def _npz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


_IMAGES = _header(_describe("(40, 8, 8)")) + bytes(2560)
NPZ: dict[str, bytes] = {
    **{f"{name} in an archive": _npz({"x.npy": x}) for name, x in NPY.items()},
    "labels of objects": _npz(
        {"x.npy": _IMAGES, "y.npy": _header(_describe("(40,)", "'|O'")) + b"x"}
    ),
    "labels of another number": _npz(
        {"x.npy": _IMAGES, "y.npy": _header(_describe("(39,)")) + bytes(39)}
    ),
    "an archive of a gigabyte": _npz({"x.npy": _IMAGES + bytes(10**9)}),
    "no arrays": _npz({}),
    "text": _npz({"x.npy": b"text", "readme.txt": b"text"}),
    "a name that leads up": _npz({"../x.npy": _IMAGES[:100]}),
}


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _size(width: int, height: int, kind: int = 0) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)


_ROWS = (b"IDAT", zlib.compress(bytes(9 * 8)))
PNG: dict[str, bytes] = {
    "50,000 pixels square": _png(_size(50_000, 50_000), _ROWS, (b"IEND", b"")),
    "2^31 pixels wide": _png(_size(2**31 - 1, 1), _ROWS, (b"IEND", b"")),
    "no pixels": _png(_size(0, 0), _ROWS, (b"IEND", b"")),
    "rows that unpack to a gigabyte": _png(
        _size(8, 8), (b"IDAT", zlib.compress(bytes(10**9))), (b"IEND", b"")
    ),
    "a text that unpacks to a gigabyte": _png(
        _size(8, 8),
        (b"zTXt", b"x\0\0" + zlib.compress(bytes(10**9))),
        _ROWS,
        (b"IEND", b""),
    ),
    "a profile that unpacks to a gigabyte": _png(
        _size(8, 8),
        (b"iCCP", b"x\0\0" + zlib.compress(bytes(10**9))),
        _ROWS,
        (b"IEND", b""),
    ),
    "a palette that is missing": _png(_size(8, 8, 3), _ROWS, (b"IEND", b"")),
    "rows that are missing": _png(_size(8, 8), (b"IEND", b"")),
    "half of the rows": _png(
        _size(8, 8), (b"IDAT", zlib.compress(bytes(30))), (b"IEND", b"")
    ),
    "a chunk of 4 GB": _png(_size(8, 8)) + b"\xff\xff\xff\xffIDAT" + bytes(99),
    "two headers": _png(_size(8, 8), _size(9, 9), _ROWS, (b"IEND", b"")),
}
LOG: dict[str, Make] = {
    "a line of 200 MB": _write(lambda data: data + b" " * 200_000_000 + b"\n"),
    "two million lines": _write(lambda data: data + b"\n" * 2_000_000),
    "steps that repeat": _write(lambda data: data * 2),
    "a step of 2^63": _write(lambda data: b'{"step": 9223372036854775808}\n'),
    "a step of -1": _write(lambda data: b'{"step": -1}\n' + data),
    "a step that is true": _write(lambda data: b'{"step": true}\n'),
    "a step twice in a line": _write(lambda data: b'{"step": 1, "step": 2}\n'),
    "lines that end with U+2028": _write(
        lambda data: data.decode().replace("\n", "\u2028").encode() + b"\n"
    ),
    "lines that end with CRLF": _write(
        lambda data: data.replace(b"\n", b"\r\n")
    ),
}


def _swap_step(path: Path) -> None:
    """The older checkpoint by the name of the newer one, with a checksum."""
    older = path.with_name("step_00000001.weights.h5")
    shutil.copyfile(older, path)
    checksums.record(path)


def _of_another_run(path: Path) -> None:
    """The same file of a run with another seed, with its checksum."""
    (run,) = (x for x in path.parents if x.name == targets.RUN)
    source = run.with_name(targets.OTHER_RUN) / path.relative_to(run)
    for find in (Path, checksums.checksum_path):
        shutil.copyfile(find(source), find(path))


def _of_another_model(path: Path) -> None:
    """A checkpoint of another architecture, with its checksum."""
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((3, 3), "f4")
    checksums.record(path)


def _recorded(make: Make) -> Make:
    """With the checksum of what it has become."""

    def record(path: Path) -> None:
        make(path)
        checksums.record(path)

    return record


def cases() -> list[Case]:
    """All cases, in an order that stays."""
    found = []
    seen = set()
    for target in targets.TARGETS:
        if target.path in seen:
            continue
        seen.add(target.path)
        is_checksum = checksums.is_checksum(Path(target.path))
        for name, make in SPECIAL.items():
            # Of a folder of images, each may be missing.
            is_missing = name == "a directory" and target.path.endswith(
                "/0.png"
            )
            found.append(Case(name, target, make, may_differ=is_missing))
            if not is_checksum and "gigabyte" in name:
                found.append(
                    Case(
                        f"{name}, unrecorded",
                        target,
                        make,
                        keeps_checksum=False,
                        may_differ=True,
                    )
                )
        # A configuration alone is that of its run.
        is_of_run = target.path.startswith(f"{targets.RUN}/")
        if is_of_run and not is_checksum and "config" not in target.path:
            found.append(Case("of another run", target, _of_another_run))
        if is_checksum:
            found += [Case(x, target, make) for x, make in CHECKSUMS.items()]
        kinds: dict[str, dict[str, Make]] = {
            "json": LOG if target.path.endswith("l") else JSON,
            "model": MODEL,
            "weights": {
                "of another model": _of_another_model,
                "of another step": _swap_step,
                **{
                    name: _recorded(_write(make))
                    for name, make in WEIGHTS.items()
                },
            },
        }
        found += [
            Case(
                name,
                target,
                make,
                keeps_checksum=False,
                # A valid file of one's own.
                may_differ=name in _VALID,
            )
            for name, make in kinds.get(target.kind, {}).items()
        ]
        for end, contents in (
            ("images.npy", NPY),
            ("images.npz", NPZ),
            ("0.png", PNG),
        ):
            if target.path.endswith(end):
                found += [
                    Case(
                        name,
                        target,
                        functools.partial(_replace, content=data),
                        may_differ=True,
                    )
                    for name, data in contents.items()
                ]
    return found


# What is left of a file is another, valid one.
_VALID = (
    "weights of half precision",
    "weights of half precision in a model",
    "two million lines",
    "lines that end with CRLF",
    "a line of 200 MB",
    "a step of -1",
    "a step of 2^63",
    # Reports may have more than is known.
    "a zero in a string",
)


@contextlib.contextmanager
def made(place: Path, case: Case) -> Iterator[None]:
    """The wrong file is there, and the good one again after."""
    path = targets.find(place, case.target)
    checksum = checksums.checksum_path(path)
    saved = {
        x: (x.read_bytes(), x.stat())
        for x in path.parent.iterdir()
        if x.is_file()
    }
    try:
        if not case.keeps_checksum:
            checksum.unlink(missing_ok=True)
        case.make(path)
        yield
    finally:
        for x in path.parent.iterdir():
            if x.is_symlink() or not (x.is_dir() or x.is_file()):
                x.unlink()
            elif x.is_file() and x not in saved:
                x.unlink()
        for x, (content, status) in saved.items():
            if x.is_dir():
                shutil.rmtree(x)
            if not x.exists() or x.stat().st_mtime_ns != status.st_mtime_ns:
                x.write_bytes(content)
            os.utime(x, ns=(status.st_atime_ns, status.st_mtime_ns))

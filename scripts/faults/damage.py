"""Ways to damage a file, each determined by a random generator."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

# A number of 64 bits and one more, infinity, and what is no number.
_WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**64,
    10**400,
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\ud800",
    [],
    [1],
    {},
    {"x": 1},
)


def flip_bit(data: bytes, rng: random.Random) -> bytes:
    """One bit is another one."""
    if not data:
        return b"\x01"
    copy = bytearray(data)
    copy[rng.randrange(len(copy))] ^= 1 << rng.randrange(8)
    return bytes(copy)


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    """Two to twenty bits are others."""
    for _ in range(rng.randint(2, 20)):
        data = flip_bit(data, rng)
    return data


def cut(data: bytes, rng: random.Random) -> bytes:
    """The end is missing, or all."""
    return data[: rng.choice((0, rng.randrange(len(data) + 1)))]


def fill_with_zeros(data: bytes, rng: random.Random) -> bytes:
    """A block is zeros, as after a crash of the file system."""
    begin = rng.randrange(len(data) + 1)
    size = min(rng.choice((1, 64, 512, 4096)), len(data) - begin)
    return data[:begin] + bytes(size) + data[begin + size :]


def grow(data: bytes, rng: random.Random) -> bytes:
    """Something is appended."""
    more = (b"\n", b"\0", rng.randbytes(100), data[:1000], b"{}")
    return data + rng.choice(more)


def swap_blocks(data: bytes, rng: random.Random) -> bytes:
    """Two blocks have changed places."""
    size = max(1, min(512, len(data) // 4))
    starts = range(0, max(1, len(data) - size), size)
    one, two = rng.choice(starts), rng.choice(starts)
    copy = bytearray(data)
    copy[one : one + size], copy[two : two + size] = (
        data[two : two + size],
        data[one : one + size],
    )
    return bytes(copy[: len(data)])


def replace_by_other_type(data: bytes, rng: random.Random) -> bytes:
    """The file is one of another type."""
    del data
    return rng.choice(
        (
            b"null",
            b"[1]",
            b"{}",
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"9" * 100_000,
            b"\xff\xfe\x00",
            b"\x89PNG\r\n\x1a\n" + bytes(20),
            b"PK\x05\x06" + bytes(18),
            b"\x93NUMPY\x01\x00" + bytes(20),
            b"\x89HDF\r\n\x1a\n" + bytes(100),
            b"plain text\n",
        )
    )


def change_json(data: bytes, rng: random.Random) -> bytes:
    """A value of JSON, or of a line of it, is another one, or is gone."""
    lines = data.decode().splitlines()
    by_line = len(lines) > 1 and lines[0].endswith("}")
    number = rng.randrange(len(lines)) if by_line else 0
    content = json.loads(lines[number] if by_line else data)
    places = [*_places(content)]
    container, key = rng.choice(places)
    action = rng.randrange(4)
    if action == 0:
        del container[key]
    elif action == 1 and isinstance(container, dict):
        container[rng.choice(("x", "codes", "step"))] = rng.choice(_WRONG)
    elif action == 2:
        nested: Any = container[key]
        for _ in range(rng.choice((1, 60, 900))):
            nested = [nested]
        container[key] = nested
    else:
        container[key] = rng.choice(_WRONG)
    text = json.dumps(content)
    if by_line:
        lines[number] = text
        text = "\n".join(lines) + "\n"
    return text.encode()


def _places(content: Any) -> Any:
    """All places in JSON, as containers and keys."""
    items: Any = []
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    for key, value in items:
        yield content, key
        yield from _places(value)


def change_model(data: bytes, rng: random.Random) -> bytes:
    """A valid `.keras` file with wrong content, or a wrong archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    action = rng.randrange(5)
    if action < 2:
        name = "config.json"
        members[name] = change_json(members[name], rng)
    elif action == 2:
        name = "model.weights.h5"
        members[name] = change_weights(members[name], rng)
    elif action == 3:
        del members[rng.choice([*members])]
    else:
        members["config.json"] += b" " * 50_000_000
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if action == 4 else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def change_weights(data: bytes, rng: random.Random) -> bytes:
    """A valid HDF5 file in which an array is NaN, of another shape, or gone."""
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visititems(
            lambda name, item: (
                names.append(name) if isinstance(item, h5py.Dataset) else None
            )
        )
        name = rng.choice(names)
        array = np.asarray(file[name])
        del file[name]
        action = rng.randrange(4)
        if action == 0 and array.dtype.kind == "f":
            file[name] = np.full_like(array, rng.choice((np.nan, np.inf)))
        elif action == 1:
            file[name] = np.zeros((3, *array.shape), array.dtype)
        elif action == 2:
            file[name] = "text"
    return buffer.getvalue()


def change_array(data: bytes, rng: random.Random) -> bytes:
    """A valid `.npy` file of another shape, type or content."""
    array = np.load(io.BytesIO(data))
    wrong = (
        array.astype(np.float64),
        array[:1] if array.ndim else array,
        np.full(array.shape, 99),
        np.full(array.shape, -5),
        np.full(array.shape, np.nan),
        np.array([{}], object),
        np.array(["text"] * 3),
        np.zeros((2, 3, 4, 5, 6)),
        np.zeros(0),
    )
    buffer = io.BytesIO()
    np.save(buffer, rng.choice(wrong), allow_pickle=True)
    return buffer.getvalue()


Damage = Callable[[bytes, random.Random], bytes]
ANY: tuple[Damage, ...] = (
    flip_bit,
    flip_bit,
    flip_bits,
    cut,
    fill_with_zeros,
    grow,
    swap_blocks,
    replace_by_other_type,
)
BY_KIND: dict[str, Damage] = {
    "json": change_json,
    "model": change_model,
    "weights": change_weights,
    "array": change_array,
}

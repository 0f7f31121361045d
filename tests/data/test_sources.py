"""The same images from each kind of source, and what each kind refuses."""

import logging
import os
import re
import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_infogan import checksums
from keras_infogan.data import image_file
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.pixels import find_range
from keras_infogan.data.pixels import to_bytes
from keras_infogan.data.source import number_classes
from keras_infogan.data.source import split_rows
from keras_infogan.data.sources import SOURCES
from keras_infogan.data.sources import open_images
from tests.helpers.data import TextLabels
from tests.helpers.data import assert_one_line

# Image k has the gray 10 k and, at its top left, 255 minus that; the labels are
# "b", "a", "b", ...
GRAYS = np.arange(0, 200, 10)
IMAGES = np.full((20, 4, 6, 1), 0, np.uint8) + GRAYS[:, None, None, None]
IMAGES = IMAGES.astype(np.uint8)
IMAGES[:, 0, 0, 0] = 255 - GRAYS
LABELS = np.array(list("ba") * 10)
NUMBERS = (LABELS == "b").astype(np.int64)


def _folder(tmp_path):
    for index, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = tmp_path / "photos" / label / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    return tmp_path / "photos"


def _npz(tmp_path):
    np.savez(tmp_path / "x.npz", images=IMAGES[..., 0], labels=LABELS)
    return str(tmp_path / "x.npz")


def _split_npz(tmp_path):
    np.savez(
        tmp_path / "split.npz",
        x_train=IMAGES[:16],
        y_train=LABELS[:16, None],
        x_test=IMAGES[16:],
        y_test=LABELS[16:],
    )
    return tmp_path / "split.npz"


def _shuffled():
    pairs = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    return pairs.shuffle(20, reshuffle_each_iteration=True)


KINDS = {
    "pair": lambda _: (IMAGES, LABELS),
    "floats in [0, 1]": lambda _: (IMAGES / 255, LABELS),
    "floats in [-1, 1]": lambda _: (IMAGES / 127.5 - 1, LABELS),
    "keras.datasets": lambda _: (
        (IMAGES[:16, ..., 0], LABELS[:16]),
        (IMAGES[16:, ..., 0], LABELS[16:]),
    ),
    "npz": _npz,
    "npz with splits": _split_npz,
    "folder": _folder,
    "tf.data": lambda _: _shuffled(),
    "tf.data, batched floats": lambda _: (
        _shuffled()
        .map(lambda image, label: (tf.cast(image, tf.float32), label))
        .batch(3)
    ),
    "tf.data, mappings": lambda _: _shuffled().map(
        lambda image, label: {"image": image, "label": label}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_source_gives_the_same_images(kind, tmp_path):
    """All images once, with their labels, in two splits, and always alike."""
    source = KINDS[kind](tmp_path)

    def load(split):
        return open_images(source, split=split, data_dir=tmp_path)

    train, test = load("train"), load("test")
    assert train.images.shape == (16, 4, 6, 1)
    assert test.images.shape == (4, 4, 6, 1)
    for part in train, test:
        assert part.class_names == ("a", "b")
        rows = part.images[:, 1, 1, 0] // 10
        np.testing.assert_array_equal(part.images, IMAGES[rows])
        np.testing.assert_array_equal(part.labels, NUMBERS[rows])
    grays = np.concatenate([train.images, test.images])[:, 1, 1, 0]
    assert sorted(grays) == GRAYS.tolist()
    np.testing.assert_array_equal(load("train[3:9]").images, train.images[3:9])
    both = load("train+test[:50%]")
    np.testing.assert_array_equal(
        both.images, np.concatenate([train.images, test.images[:2]])
    )
    images = load("all").images
    grays = images[:, 1, 1, 0] // 10
    assert sorted(grays) == list(range(20))
    if kind != "folder" and not kind.startswith("tf.data"):
        np.testing.assert_array_equal(images, IMAGES)
    if "splits" not in kind and kind != "keras.datasets":
        assert test.labels is not None
        assert test.labels.tolist().count(0) == 2
    with pytest.raises(ValueError, match="train, test, .*split='valid'") as e:
        load("valid")
    assert_one_line(e.value)


def test_builders_and_labels_that_are_no_class_labels(tmp_path):
    """Texts are classes; they have the same numbers in all splits."""
    builder = TextLabels(data_dir=tmp_path)
    train = open_images(builder, data_dir=tmp_path)
    assert train.class_names == ("a", "b")
    rows = train.images[:, 0, 0, 0] // 10
    np.testing.assert_array_equal(train.labels, rows % 2 == 0)
    test = open_images("text_labels", split="test", data_dir=tmp_path)
    assert test.class_names == ("a", "b")
    assert test.labels is not None
    assert test.labels.tolist() == [0]


def test_labels_of_too_many_values_are_none(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("keras_infogan.data.tfds._MAX_CLASSES", 1)
    with caplog.at_level(logging.INFO):
        data = open_images(TextLabels(data_dir=tmp_path), data_dir=tmp_path)
    assert data.labels is None
    assert "2 values of 'label' of text_labels are not used" in caplog.text


def test_unlabeled_sources(tmp_path):
    """An array, its file, a folder without and with one sub-folder."""
    np.save(tmp_path / "x.npy", IMAGES)
    flat = tmp_path / "flat" / "inner"
    flat.mkdir(parents=True)
    for path in _folder(tmp_path).rglob("*.png"):
        shutil.copy(path, flat)
    for source in (IMAGES, tmp_path / "x.npy", flat, flat.parent):
        data = open_images(source, split="train+test", data_dir=tmp_path)
        assert data.labels is None
        assert data.class_names == ()
        assert sorted(data.images[:, 1, 1, 0]) == GRAYS.tolist()


def test_a_folder_of_all_kinds_of_files(tmp_path):
    """Odd sizes, modes and formats become one shape; other files are none."""
    root = tmp_path / "photos"
    for index, (mode, suffix, size) in enumerate(
        [
            ("RGB", "png", (20, 10)),
            ("RGBA", "webp", (10, 30)),
            ("P", "png", (16, 16)),
            ("L", "JPG", (9, 9)),
            ("1", "png", (50, 20)),
        ]
    ):
        path = root / "train" / "ab"[index % 2] / f"{index}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size, 255).convert(mode).save(path)
    deep = np.full((8, 8), 65535, np.uint16)
    (root / "test/b/inner").mkdir(parents=True)
    Image.fromarray(deep).save(root / "test/b/inner/deep.png")
    (root / "train/notes.txt").write_text("")
    (root / "train/a/._0.png").write_text("")
    options = {"image_size": (8, 16), "channels": 3, "data_dir": tmp_path}
    train = open_images(root, **options)
    assert train.images.shape == (5, 8, 16, 3)
    assert (train.images == 255).all()
    assert train.class_names == ("a", "b")
    assert train.name == "photos"
    names = dict(zip(train.file_names, np.array(train.labels), strict=True))
    assert names["train/b/1.webp"] == 1
    test = open_images(root, split="test", **options)
    assert test.file_names == ("test/b/inner/deep.png",)
    assert (test.images == 255).all()
    with pytest.raises(
        ValueError, match="one size. .* have several. Pass image_size"
    ) as caught:
        open_images(root, data_dir=tmp_path)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        ("crop", [[9, 9], [9, 9]]),
        ("pad", [[0, 0], [1, 1], [9, 9], [9, 9], [1, 1], [0, 0]]),
        ("stretch", [[1, 9, 9, 1]]),
    ],
)
def test_resizing(resize, expected):
    """A wide image, 2 x 4, whose outer columns are darker.

    Cropped to its middle; between black rows; or with all of it in a row.
    """
    image = np.array([[1, 9, 9, 1]] * 2, np.uint8)
    size = np.shape(expected)
    if resize == "pad":
        # As high as it is wide, so a row of black above and below.
        image, size = np.repeat(image[:1, :2], 2, axis=0), (4, 2)
        expected = [[0, 0], [1, 9], [1, 9], [0, 0]]
    images = np.repeat(image[None, :, :, None] * 25, 5, axis=0)
    data = open_images(images, image_size=size, resize=resize)
    np.testing.assert_array_equal(
        data.images[0, ..., 0], np.array(expected) * 25
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_are_those_that_are_asked_for(channels):
    """Equal ones are gray; opaque pixels stay as they are."""
    images = np.repeat(IMAGES, channels, axis=-1)
    if channels == 4:
        images[..., 3] = 255
    for depth, expected in ((None, min(channels, 3)), (1, 1), (3, 3)):
        data = open_images(images, split="train+test", channels=depth)
        assert data.image_shape == (4, 6, expected)
        grays = data.images[:, 1, 1]
        assert (grays == grays[:, :1]).all()
        assert sorted(grays[:, 0]) == GRAYS.tolist()


def test_all_images_have_the_range_of_the_first():
    """0.5 of [-1, 1] is 191, also in an image of which none is negative."""
    images = np.full((6, 4, 4), 0.5)
    images[0] = -1.0
    data = open_images(images, split="train+test")
    assert sorted(np.unique(data.images)) == [0, 191]


def test_names_of_a_data_set_of_keras(tmp_path):
    """`image_dataset_from_directory` names the classes beside its batches."""
    source = tf.data.Dataset.from_tensor_slices((IMAGES, NUMBERS))
    source.class_names = ["ant", "bee"]
    assert open_images(source).class_names == ("ant", "bee")


def test_a_class_may_be_of_trains(tmp_path):
    """`train` is a split only where there is `test`, too."""
    root = _folder(tmp_path)
    (root / "a").rename(root / "train")
    assert open_images(root, data_dir=tmp_path).class_names == ("b", "train")


def test_a_large_file_is_mapped_and_read_again_if_it_changes(
    tmp_path, monkeypatch
):
    path = tmp_path / "x.npy"
    monkeypatch.setattr(
        "psutil.virtual_memory", lambda: SimpleNamespace(available=1)
    )
    for time, images in enumerate((IMAGES, 255 - IMAGES)):
        np.save(path, images)
        os.utime(path, (time, time))
        data = open_images(path, split="train+test", data_dir=tmp_path)
        assert isinstance(data.images, np.memmap)
        expected = np.sort(images[:, 1, 1, 0])
        np.testing.assert_array_equal(
            np.sort(data.images[:, 1, 1, 0]), expected
        )


def test_each_way_of_resizing_is_cached_by_itself(tmp_path, monkeypatch):
    """6 x 4 in 4 x 4: without black, or with a row of it at each end."""
    monkeypatch.setattr("keras_infogan.data.sources._MIN_CACHED", 1)
    root = _folder(tmp_path)
    options = {"image_size": 4, "split": "train[:1]", "data_dir": tmp_path}
    found = [
        open_images(root, resize=mode, **options).images
        for mode in ("stretch", "pad", "stretch")
    ]
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize(
    ("name", "array"),
    [
        (".npy", np.zeros((16, 6, 4, 1), np.float32)),
        (".npy", np.zeros((15, 6, 4, 1), np.uint8)),
        (".npy", np.array([{}], object)),
        (".labels.npy", np.full(16, 99)),
        (".labels.npy", np.full(16, -5)),
        (".labels.npy", np.zeros(15, np.int64)),
        (".labels.npy", np.zeros(16)),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_cache_that_is_damaged_is_replaced(
    recorded, name, array, tmp_path, monkeypatch, caplog
):
    """With a record, it is enough that a bit is another one."""
    monkeypatch.setattr("keras_infogan.data.sources._MIN_CACHED", 1)
    root = _folder(tmp_path)
    first = open_images(root, data_dir=tmp_path / "cache")
    (path,) = (
        path
        for path in (tmp_path / "cache" / "keras_infogan").glob("*.npy")
        if path.name.endswith(".labels.npy") == (name == ".labels.npy")
    )
    if recorded:
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    else:
        checksums.checksum_path(path).unlink()
        np.save(path, array, allow_pickle=True)
    again = open_images(root, data_dir=tmp_path / "cache")
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert "decoded again" in caplog.text
    assert "allow_pickle=True" not in caplog.text


def test_a_folder_is_decoded_once(tmp_path, monkeypatch):
    """The second time, no file is decoded; if one changes, all are."""
    root, counted = _folder(tmp_path), []
    monkeypatch.setattr("keras_infogan.data.sources._MIN_CACHED", 1)
    decode = image_file.open_image

    def count(path):
        counted.append(path)
        return decode(path)

    monkeypatch.setattr("keras_infogan.data.folder.open_image", count)

    def load():
        counted.clear()
        data = open_images(root, data_dir=tmp_path / "cache")
        # The first files are opened for their sizes.
        return data, len(counted) - 20

    first, num_decoded = load()
    assert num_decoded == 16
    again, num_decoded = load()
    assert num_decoded == 0
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.labels, again.labels)
    monkeypatch.setattr(
        "psutil.virtual_memory", lambda: SimpleNamespace(available=1)
    )
    mapped, num_decoded = load()
    assert isinstance(mapped.images, np.memmap)
    assert num_decoded == 0
    Image.fromarray(IMAGES[0, ..., 0]).save(root / "a" / "01.png")
    (root / "a" / "01.png").touch()
    changed, num_decoded = load()
    assert num_decoded == 16
    assert not np.array_equal(changed.images, first.images)


def test_a_name_of_tfds_is_no_folder(tmp_path, monkeypatch, mnist_data_dir):
    """`mnist` is MNIST, even where there is a folder of that name."""
    (tmp_path / "mnist").mkdir()
    monkeypatch.chdir(tmp_path)
    data = open_images("mnist", split="test[:3]", data_dir=mnist_data_dir)
    assert data.images.shape == (3, 28, 28, 1)
    for path in ("./mnist", "mnist/", tmp_path / "mnist"):
        with pytest.raises(ValueError, match="folder with images .*has none"):
            open_images(path, data_dir=tmp_path)


def _damaged_folder(tmp_path):
    root = _folder(tmp_path)
    (root / "a/03.png").write_text("no image")
    return root


def _mixed_folder(tmp_path):
    root = _folder(tmp_path)
    shutil.copy(root / "a/01.png", root)
    return root


def _objects(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}]), allow_pickle=True)
    return tmp_path / "x.npy"


def _text(tmp_path):
    (tmp_path / "x.npz").write_text("hello")
    return tmp_path / "x.npz"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_damaged_folder, r"1 of 20 files cannot be used: .*03\.png.*remove"),
        (_mixed_folder, r"but not in both. Received: .*photos/01\.png"),
        (lambda path: path, "folder with images .*which has none"),
        (lambda path: "./nowhere", "Received: .*nowhere, nothing there"),
        (_objects, r"x\.npy should hold arrays .*without objects"),
        (_text, r"x\.npz should hold arrays"),
        (lambda _: IMAGES.reshape(20, -1), r"images of shape .*x \(20, 24\)"),
        (lambda _: np.moveaxis(IMAGES, 3, 1), "in the last axis.*moveaxis"),
        (lambda _: IMAGES * 2.0, "Received: 0 to 510. Scale"),
        (lambda _: np.full((9, 4, 4), np.nan), "Received: nan to nan"),
        (lambda _: (IMAGES, LABELS[:9]), "20 images and 9 labels"),
        (lambda _: (IMAGES, GRAYS + 0.5), "whole numbers or texts.*float64"),
        (lambda _: IMAGES[:4], "at least 5 images.*Received: 4"),
        (
            lambda _: {"x": IMAGES, "z": IMAGES},
            "one array of images.*Received: x, z",
        ),
        (
            lambda _: {"x_train": IMAGES, "x_test": IMAGES, "y_train": LABELS},
            "20 images and no labels",
        ),
        (lambda _: _shuffled().repeat(), "an infinite one"),
        (lambda _: _shuffled().take(0), "an empty data set"),
        (
            lambda _: tf.data.Dataset.range(3),
            r"elements \(image, label\).*Received: \(\)",
        ),
        (lambda _: 3, "Expected the name or builder.*Received: int"),
    ],
)
def test_what_is_refused(make, message, tmp_path):
    with pytest.raises(ValueError, match=message) as caught:
        open_images(make(tmp_path), split="train+test", data_dir=tmp_path)
    assert_one_line(caught.value)


def test_each_kind_is_in_the_register():
    """A string is a path or a name; the last kind takes the names."""
    assert [kind.__name__ for kind in SOURCES] == [
        "Arrays",
        "TensorFlowData",
        "RenderedSprites",
        "BundledMnist",
        "Folder",
        "TensorFlowDatasets",
    ]
    with pytest.raises(ValueError, match="resize should be one of crop, pad"):
        open_images(IMAGES, resize="squeeze")


def test_splits_are_balanced_random_and_fixed():
    """Of 40 + 10 + 1 images, 8 + 2 + 0, or one more or less, are for testing.

    Neither split is sorted by class, as a slice of it should be random.
    """
    labels = np.repeat([0, 1, 2], [40, 10, 1])
    splits = split_rows(51, labels)
    assert sorted(np.concatenate([*splits.values()])) == list(range(51))
    counts = np.bincount(labels[splits["test"]], minlength=3)
    np.testing.assert_allclose(counts, [8, 2, 0], atol=1)
    assert counts.sum() == 10
    for rows in splits.values():
        assert (np.diff(rows) < 0).any()
        assert (np.diff(labels[rows]) < 0).any()
    np.testing.assert_array_equal(
        splits["test"], split_rows(51, labels)["test"]
    )
    assert len(split_rows(51, None)["test"]) == 10
    # Another version must not test on what this one trained on.
    assert split_rows(10, None)["test"].tolist() == [7, 2]


@pytest.mark.parametrize(
    ("values", "names", "labels", "found"),
    [
        ([7, 3, 7], (), [1, 0, 1], ("3", "7")),
        ([1, 0], ("cat", "dog"), [1, 0], ("cat", "dog")),
        ([[0, 0, 1], [1, 0, 0]], (), [2, 0], ("0", "1", "2")),
        ([0.0, 1.0], ("cat", "dog"), [0, 1], ("cat", "dog")),
        ([[0, 1], [1, 0]], ("cat", "dog"), [1, 0], ("cat", "dog")),
        # A number without a name, so the names are of something else.
        ([2, 0], ("cat", "dog"), [1, 0], ("0", "2")),
        ([b"x", b"a"], (), [1, 0], ("a", "x")),
        ([True, False], (), [1, 0], ("False", "True")),
    ],
)
def test_labels_of_any_form(values, names, labels, found):
    numbered, class_names = number_classes(np.array(values), names)
    assert numbered.dtype == np.int64
    assert numbered.tolist() == labels
    assert class_names == found


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        (np.array([[False], [True]]), (0, 1), [[0], [255]]),
        (np.array([[0], [1]], np.uint8), (0, 1), [[0], [255]]),
        (np.array([[0], [0]], np.uint8), (0, 255), [[0], [0]]),
        (np.array([[0], [2]], np.uint8), (0, 255), [[0], [2]]),
        (np.array([[0], [65535]], np.uint16), (0, 65535), [[0], [255]]),
        (np.array([[0], [200]], np.int64), (0, 255), [[0], [200]]),
        (np.array([[-1.0], [0.0]]), (-1, 1), [[0], [128]]),
        (np.array([[0.0], [1.0005]]), (0, 1), [[0], [255]]),
        # Half transparent white on black.
        (np.array([[255, 255, 255, 51]], np.uint8), (0, 255), [[51] * 3]),
    ],
)
def test_numbers_become_bytes(values, limits, expected):
    """-1 is black, 0 of [-1, 1] is 127.5, and 51 = 255 / 5 is a fifth."""
    assert find_range(values) == limits
    pixels = to_bytes(values, limits)
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == expected


def test_all_images_should_have_the_range_of_the_first():
    with pytest.raises(ValueError, match=r"in \[0, 1\], as the first ones"):
        to_bytes(np.array([[0.5], [2.0]]), (0.0, 1.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": IMAGES / 255}, "float64.*`open_images`"),
        ({"images": IMAGES.tolist()}, "Received: list.*`open_images`"),
        ({"images": IMAGES[..., 0]}, r"shape=\(20, 4, 6\)"),
        ({"images": IMAGES[:0]}, "at least one"),
        ({"labels": NUMBERS[:3]}, r"label for each.*shape=\(3,\) of int64"),
        ({"labels": LABELS}, "whole number from 0.*of <U1"),
        ({"labels": NUMBERS + 1}, "1 to 2 and 2 class_names"),
        ({"class_names": ()}, "0 to 1 and 0 class_names"),
        ({"labels": None}, "no labels and 2 class_names"),
        ({"file_names": ("a",)}, "file name for each, or none. Received: 1"),
    ],
)
def test_image_data_of_another_form(changes, message):
    fields = {
        "images": IMAGES,
        "labels": NUMBERS,
        "name": "x",
        "class_names": ("a", "b"),
    }
    ImageData(**fields)
    with pytest.raises(ValueError, match=message) as caught:
        ImageData(**fields | changes)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("records", "is damaged: .*No such file.*Remove that folder"),
        ("info", "is damaged: .*Failed to load JSON.*Remove that folder"),
        ("empty", "is damaged: no dataset_info.json. Remove that folder"),
    ],
)
def test_damaged_prepared_data_sets(damage, message, tmp_path):
    open_images("text_labels", data_dir=tmp_path)
    folder = tmp_path / "text_labels/1.0.0"
    for path in folder.iterdir():
        if damage == "info" and path.name == "dataset_info.json":
            path.write_text("{")
        elif damage == "empty" or (damage == "records" and "tfr" in path.name):
            path.unlink()
    with pytest.raises(OSError, match=message) as caught:
        open_images("text_labels", data_dir=tmp_path)
    assert re.search(re.escape(str(folder)), str(caught.value))
    assert_one_line(caught.value)


def test_a_home_folder_in_data_dir(tmp_path, monkeypatch):
    """`~` is the home, as a shell would have it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    open_images("text_labels", data_dir="~/sets")
    assert (tmp_path / "sets/text_labels").is_dir()
    monkeypatch.setattr(
        "tensorflow_datasets.core.constants.DATA_DIR", "~/others"
    )
    open_images("text_labels")
    assert (tmp_path / "others/text_labels").is_dir()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("name", ["y", "y_train", "train_labels"])
def test_labels_of_objects_are_not_left_out(name, tmp_path):
    """As other arrays of objects are, such as the metadata of dSprites."""
    path, images = tmp_path / "x.npz", np.zeros((9, 8, 8), np.uint8)
    objects = np.array([{}] * 9, object)
    np.savez(path, x=images, metadata=objects)
    assert open_images(path, split="all").labels is None
    arrays: dict[str, Any] = {"x": images, name: objects}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="arrays of NumPy, without objects"):
        open_images(path, split="all")

"""A prepared data set that is damaged: one line says which folder to remove."""

import re
import shutil

import pytest

FILES = ("dataset_info.json", "features.json")


def remove_records(folder, prepared):
    for name in FILES:
        shutil.copy(prepared / name, folder)


def break_records(folder, prepared):
    remove_records(folder, prepared)
    for records in prepared.glob("*.tfrecord*"):
        (folder / records.name).write_bytes(b"nothing of the kind")


def break_info(folder, prepared):
    del prepared
    (folder / FILES[0]).write_text("{")


def change_count(folder, prepared):
    """In a set that this package has prepared, as most are."""
    for path in prepared.iterdir():
        shutil.copy(path, folder)
    info = folder / FILES[0]
    text = info.read_text()
    assert "60000" in text
    info.write_text(text.replace("60000", "50000"))


def empty_records(folder, prepared):
    remove_records(folder, prepared)
    for records in prepared.glob("*.tfrecord*"):
        (folder / records.name).touch()


def leave_it_empty(folder, prepared):
    del folder, prepared


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (remove_records, "/mnist-.*; No such file or directory"),
        (break_records, "corrupted record at 0"),
        (break_info, "Failed to load JSON: Expecting"),
        (change_count, "dataset_info.json has another SHA-256"),
        (empty_records, "expected to contain [0-9]+0000 elements"),
        (leave_it_empty, "no dataset_info.json"),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--run-dir=run"],
        ["evaluate", "UNNAMED"],
        ["embed", "MODEL", "mnist"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_folder_is_named(
    arguments, damage, reason, mnist_data_dir, tmp_path, refuse
):
    folder = tmp_path / "data" / "mnist" / "3.0.1"
    folder.mkdir(parents=True)
    damage(folder, mnist_data_dir / "mnist" / "3.0.1")
    # Without archives of its own, MNIST is read from those of the package.
    options = ("--data-dir=data", "--archives-dir=archives")
    error = refuse(*arguments, *options)
    assert re.search(
        r"The prepared data set in data/mnist/3\.0\.1 is damaged: .*"
        f"{reason}.*\\. Remove that folder and start again\\.$",
        error,
    )
    assert "{{" not in error
    assert "builder_kwargs" not in error
    assert "[Op:" not in error
    assert not (tmp_path / "run" / "model.keras").exists()

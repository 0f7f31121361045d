"""Versions of a model, and the files to serve them."""

import os

import pytest

from keras_infogan.serving.deploy.config import write_serving_files


@pytest.fixture
def model_dir(tmp_path):
    """Four empty versions, in a folder whose name has to be quoted."""
    path = tmp_path / "a $model: 'x'"
    for version in range(1, 5):
        (path / str(version)).mkdir(parents=True)
        (path / str(version) / "saved_model.pb").touch()
    return path


@pytest.fixture
def config(tmp_path, model_dir):
    """The files of version 1."""
    path = tmp_path / "config"
    write_serving_files(path, model_name="Info_gan", model_dir=model_dir)
    return path


@pytest.fixture
def closed_umask():
    previous = os.umask(0o077)
    yield
    os.umask(previous)

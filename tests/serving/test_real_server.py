"""The client and TensorFlow Serving itself, where it is installed."""

import os
import shutil
import socket
import subprocess

import numpy as np
import pytest

from keras_infogan.serving import PredictionClient
from tests.helpers.imitated_model import CODE_MAP


@pytest.fixture(scope="module")
def model_server(tmp_path_factory):
    """A small model in a real server: the model, and the address by scheme."""
    program = os.environ.get("TENSORFLOW_MODEL_SERVER") or shutil.which(
        "tensorflow_model_server"
    )
    if not program:
        pytest.skip(
            "needs tensorflow_model_server on the PATH, or its path in "
            "TENSORFLOW_MODEL_SERVER"
        )
    from keras_infogan import Categorical
    from keras_infogan import InfoGAN
    from keras_infogan import LatentSpec
    from keras_infogan import Uniform
    from keras_infogan import build_discriminator
    from keras_infogan import build_generator
    from keras_infogan.evaluation.code_map import CodeMap
    from keras_infogan.export.saved_model import export_saved_model

    spec = LatentSpec(
        8, {"category": Categorical(10), "continuous": Uniform(2)}
    )
    model = InfoGAN(build_generator(spec), build_discriminator(spec), spec)
    directory = tmp_path_factory.mktemp("served") / "infogan"
    export_saved_model(model, directory, code_map=CodeMap.from_json(CODE_MAP))
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            ports.append(unused.getsockname()[1])
    addresses = dict(zip(("http", "grpc"), ports, strict=True))
    process = subprocess.Popen(
        [program, "--model_name=infogan", f"--model_base_path={directory}"]
        + [f"--rest_api_port={ports[0]}", f"--port={ports[1]}"]
        + ["--enable_batching"]
    )
    try:
        yield model, addresses
    finally:
        process.terminate()
        process.wait(30)


def test_the_real_server(scheme, model_server):
    model, addresses = model_server
    url = f"{scheme}://127.0.0.1:{addresses[scheme]}"
    with PredictionClient(url, "infogan") as client:
        client.wait_until_ready()
        images = client.sample(count=200, seed=3, category=4, continuous=0.5)
        by_name = client.sample(seed=3, digit="7", slant=-0.5, thickness=0.5)
        posterior = client.encode(images)
        latents = model.sample_latents(3, seed=1)
        generated = client.predict("serving_default", latents)["image"]
        # A bad row among good ones.
        rows = {
            "seed": np.array([3, 4, 5]),
            "category": np.array([4, 10, 4]),
            "continuous": np.full((3, 2), 0.5),
        }
        marked = client.predict("sample", rows)
        png = client.predict("sample_png", rows)
    np.testing.assert_allclose(by_name, images[:1], atol=1e-5)
    for outputs in (marked, png):
        assert outputs["valid"].tolist() == [True, False, True]
    assert all(content.startswith(b"\x89PNG") for content in png["png_bytes"])
    np.testing.assert_allclose(
        marked["image"][[0, 2]], images[[0, 2]], atol=1e-5
    )
    np.testing.assert_allclose(
        generated, model.generate_from(latents), atol=1e-5
    )
    for index in (0, 127, 128, 199):
        np.testing.assert_allclose(
            images[index : index + 1],
            model.generate(
                1, seed=3 + index, codes={"category": 4, "continuous": 0.5}
            ),
            atol=1e-5,  # the issue's, for float32 on another machine
        )
    for name, values in model.encode(images).items():
        np.testing.assert_allclose(
            posterior[name], values, rtol=1e-5, atol=1e-5
        )

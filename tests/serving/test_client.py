"""The client, against imitations of both protocols and the real server.

The imitations show what the client sends, and how it takes an answer. What
TensorFlow Serving does, only the last test shows, where there is one.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keras_infogan
from keras_infogan.serving import PredictionClient
from keras_infogan.serving import ServingError
from tests.helpers.imitated_model import IMAGE_SHAPE
from tests.helpers.imitated_model import expected_images
from tests.helpers.serving_client import connected


def test_sample(scheme, server):
    with connected(scheme, server) as client:
        images = client.sample(
            category=7, count=16, seed=5, continuous=[0.5, -1]
        )
    expected = expected_images(np.arange(5, 21), 7, [0.5, -1])
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images, expected)


def test_codes_that_are_not_chosen(scheme, server):
    """Categories take turns; other codes are 0."""
    with connected(scheme, server) as client:
        images = client.sample(count=13)
    expected = expected_images(np.arange(13), np.arange(13) % 10, [0, 0])
    np.testing.assert_array_equal(images, expected)


def test_an_image_of_a_batch_can_be_sampled_alone(scheme, server):
    with connected(scheme, server) as client:
        many = client.sample(count=5, seed=7, category=[1, 2, 3, 4, 5])
        alone = client.sample(count=1, seed=7 + 3, category=4)
        chosen = client.sample(count=2, seed=[10, 8], category=[4, 2])
    np.testing.assert_array_equal(many[3:4], alone)
    np.testing.assert_array_equal(many[[3, 1]], chosen)


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        # 4 MiB hold many more rows than the server's batch.
        ({}, [128, 128, 44]),
        ({"max_batch_size": 300}, [300]),
        # 64 bytes for the image, 1 for `valid` and 8 for the fingerprint, after
        # 64 KiB for names.
        ({"max_message_bytes": 2**16 + 73 * 100 + 72}, [100, 100, 100]),
    ],
)
def test_large_requests_are_split(scheme, server, options, sizes):
    with connected(scheme, server, **options) as client:
        images = client.sample(count=300, category=1, seed=2)
    expected = expected_images(np.arange(2, 302), 1, [0, 0])
    np.testing.assert_array_equal(images, expected)
    assert [len(images) for images in seeds_of(server.requests)] == sizes


def seeds_of(requests):
    """The input `seed` of each request that has one."""
    if isinstance(requests[0], tuple):
        return [
            [row["seed"] for row in json.loads(body)["instances"]]
            for _, _, body in requests
            if body
        ]
    return [
        np.frombuffer(request.inputs["seed"].tensor_content, np.int64)
        for request in requests[1:]
    ]


def test_encode(scheme, server):
    images = np.random.default_rng(0).uniform(-1, 1, (200, *IMAGE_SHAPE))
    with connected(scheme, server) as client:
        posterior = client.encode(images)
    pixels = images.reshape(200, 16).astype(np.float32)
    assert sorted(posterior) == [
        "category_logits",
        "category_probabilities",
        "continuous_log_stddev",
        "continuous_mean",
    ]
    np.testing.assert_array_equal(posterior["continuous_mean"], pixels[:, 2:4])
    np.testing.assert_allclose(
        posterior["category_logits"][:, 0],
        pixels.sum(axis=1),
        # The order of the sum of 16 float32 numbers.
        atol=1e-5,
    )


def test_encode_bytes_of_pixels(scheme, server):
    """0 is -1 and 255 is 1; 51 is -0.6, so the third pixel is that mean."""
    images = np.zeros((2, *IMAGE_SHAPE), np.uint8)
    images[1] = 255
    images[:, 0, 2] = 51
    with connected(scheme, server) as client:
        means = client.encode(images)["continuous_mean"]
        with pytest.raises(ValueError, match="one array.*Received: dict"):
            client.encode({"image": images})
    np.testing.assert_allclose(means, [[-0.6, -1], [-0.6, 1]], atol=1e-6)


def test_encode_files(scheme, server):
    """The imitation answers with the length of a file."""
    files = [b"\x89PNG\0\0", b"\x89PNG\xff\0\0"]
    with connected(scheme, server) as client:
        posterior = client.encode(files)
        with pytest.raises(ValueError, match="PNG.*1 of 2 .* number 1"):
            client.encode([files[0], b"GIF89a"])
    assert posterior["continuous_mean"].tolist() == [[6, 6], [7, 7]]
    assert not {"valid", "fingerprint"} & set(posterior)


def test_other_signatures(scheme, server):
    """In JSON, a single output has no name, and bytes are base64."""
    with connected(scheme, server) as client:
        images = client.predict(
            "serving_default",
            {
                "noise": np.full((2, 3), 0.25),
                "category": np.eye(10)[[3, 4]],
                "continuous": np.zeros((2, 2)),
            },
        )
        png = client.predict(
            "sample_png",
            {
                "seed": [12, 13],
                "category": [0, 1],
                "continuous": np.zeros((2, 2)),
            },
        )
    np.testing.assert_array_equal(
        images["image"], expected_images(np.array([250] * 2), [3, 4], [0, 0])
    )
    assert png["png_bytes"].tolist() == [b"\x89PNG12", b"\x89PNG13"]
    assert png["valid"].tolist() == [True, True]


def test_status_and_metadata(scheme, server):
    with connected(scheme, server) as client:
        client.wait_until_ready()
        assert client.status() == {3: {"state": "AVAILABLE", "error": ""}}
        metadata = client.metadata()
    assert metadata.version == 3
    assert sorted(metadata.signatures) == [
        "code_map",
        "encode",
        "encode_image",
        "sample",
        "sample_png",
        "serving_default",
    ]
    signature = metadata.signatures["sample"]
    assert signature.inputs["seed"] == (np.dtype(np.int64), (None,))
    assert signature.inputs["continuous"] == (np.dtype(np.float32), (None, 2))
    assert signature.outputs["image"].shape == (None, *IMAGE_SHAPE)


@pytest.mark.parametrize("chosen", [{"version": 3}, {"label": "stable"}])
def test_a_version_or_label_is_chosen(scheme, server, chosen):
    with connected(scheme, server, **chosen) as client:
        client.wait_until_ready()
        assert len(client.sample(count=2)) == 2
        assert 3 in client.status()
    for request in server.requests:
        if isinstance(request, tuple):
            path = "/".join(f"{k}s/{v}" for k, v in chosen.items())
            assert f"/v1/models/infogan/{path}" in request[1]
        else:
            spec = request.model_spec
            assert (spec.version.value or spec.version_label) in (3, "stable")


def test_rows_that_the_server_marks_as_invalid(scheme, server):
    """Only the model knows the ranges of its codes; it says so by row."""
    with connected(scheme, server) as client:
        with pytest.raises(ValueError, match="1 of 3 images.* number 1"):
            client.sample(count=3, continuous=[[0, 0], [0, 2], [1, 1]])
        with pytest.raises(ValueError, match="3 of 3 images.* number 0"):
            client.sample(count=3, slant=-1.5)


def test_refused_requests_are_not_retried(scheme, server):
    with connected(scheme, server, retries=4, label="canary") as client:
        with pytest.raises(ServingError, match="refused.*label: canary"):
            client.metadata()
    assert len(server.requests) == 1


def test_a_missing_model(scheme, server):
    url = f"{scheme}://127.0.0.1:{server.port}"
    with PredictionClient(url, "other") as client:
        with pytest.raises(ServingError, match="does not serve .*'other'"):
            client.sample()
    assert len(server.requests) == 1


def test_a_missing_signature(scheme, server):
    with connected(scheme, server) as client:
        with pytest.raises(ServingError, match="'decode'.*serving_default"):
            client.predict("decode", {})


WITH_NUMPY_ALONE = """
import importlib.util
import sys

sys.path.append(sys.argv[1])
for name in ("tensorflow", "keras", "grpc", "google"):
    assert importlib.util.find_spec(name) is None, name
from keras_infogan.serving import PredictionClient

client = PredictionClient(sys.argv[2], "infogan")
client.wait_until_ready()
images = client.sample(count=3, category=2)
print(images.shape, sorted(client.encode(images)))
"""


def test_rest_needs_only_numpy(rest, tmp_path):
    """In an environment of the standard library, NumPy and this package."""
    installed = Path(np.__file__).parents[1]
    package = Path(keras_infogan.__file__).parent
    for path in (*installed.glob("numpy*"), package):
        (tmp_path / path.name).symlink_to(path)
    done = subprocess.run(
        # -I and -S: no other folder, nor what is installed.
        [sys.executable, "-I", "-S", "-c", WITH_NUMPY_ALONE]
        + [str(tmp_path), f"http://127.0.0.1:{rest.port}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("(3, 4, 4, 1) ['category_logits'"), (
        done.stderr
    )

"""A published version answers as the model does, wherever it is run."""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from keras_infogan import load_model
from keras_infogan.export.saved_model import WARMUP_BATCH_SIZES
from keras_infogan.export.saved_model import export_saved_model
from keras_infogan.export.versions import find_versions
from keras_infogan.export.warmup import WARMUP_FILE
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.codes import Normal
from keras_infogan.latents.codes import Uniform
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.models.infogan import InfoGAN
from keras_infogan.models.networks import build_discriminator
from keras_infogan.models.networks import build_generator

TESTS = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"
# Of the sums of float32 products, in another order in each program and batch.
TOLERANCE = 1e-5
MNIST = LatentSpec(62, {"category": Categorical(10), "continuous": Uniform(2)})
ALL_CODES = LatentSpec(
    5,
    {
        "style": Uniform(2),
        "category": Categorical(3),
        "shape": Normal(3, stddev=0.5),
        "bits": Bernoulli(2),
        "kind": Categorical(4),
        "size": Normal(1),
    },
)

Arrays = dict[str, np.ndarray]
# The name of a signature, and its inputs by name.
Call = tuple[str, Arrays]


@dataclass(frozen=True)
class Kind:
    """What a model can be, as far as an export sees it."""

    spec: LatentSpec = MNIST
    shape: tuple[int, int, int] = (28, 28, 1)
    architecture: str = "compact"
    policy: str = "float32"


KINDS = {
    "mnist": Kind(),
    "all_codes": Kind(ALL_CODES, (32, 32, 3), "writeup"),
    "mixed": Kind(policy="mixed_bfloat16"),
}


def build(kind: Kind) -> InfoGAN:
    """A model with moving statistics that give images of all grays."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(kind.policy)
    try:
        generator, discriminator = (
            builder(kind.spec, kind.shape, architecture=kind.architecture)
            for builder in (build_generator, build_discriminator)
        )
        model = InfoGAN(generator, discriminator, kind.spec)
    finally:
        keras.config.set_dtype_policy("float32")
    random = np.random.default_rng(0)
    for variable in model.non_trainable_variables:
        if variable.path.endswith("moving_mean"):
            variable.assign(random.normal(0.0, 0.1, variable.shape))
        elif variable.path.endswith("moving_variance"):
            variable.assign(random.uniform(0.02, 0.2, variable.shape))
    return model


@dataclass
class Published:
    """A version, and the model in float32 that it should answer as."""

    path: Path
    model: InfoGAN
    kind: Kind


@pytest.fixture(scope="module", params=KINDS)
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    kind = KINDS[request.param]
    model = build(kind)
    directory = tmp_path_factory.mktemp("models") / request.param
    path = export_saved_model(
        model,
        directory,
        code_map={"codes": {}},
        model_card="# Digits, äöü\n",
        configuration={"seed": 0},
    )
    if kind.policy != "float32":
        reference = build(replace(kind, policy="float32"))
        reference.set_weights(model.get_weights())
        model = reference
    return Published(path, model, kind)


def signatures_of(version: Path) -> Any:
    proto = saved_model_pb2.SavedModel()
    proto.ParseFromString((version / "saved_model.pb").read_bytes())
    (graph,) = proto.meta_graphs
    assert list(graph.meta_info_def.tags) == ["serve"]
    return {
        name: signature
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


# The programs that run a version: calls in, outputs of each out.


def run_in_python(version: Path, calls: list[Call]) -> list[Arrays]:
    signatures = tf.saved_model.load(str(version)).signatures
    return [
        {
            name: rows.numpy()
            for name, rows in signatures[signature](
                **{name: tf.constant(rows) for name, rows in inputs.items()}
            ).items()
        }
        for signature, inputs in calls
    ]


def run_in_keras(version: Path, calls: list[Call]) -> list[Arrays]:
    layers = {
        signature: keras.layers.TFSMLayer(version, signature)
        for signature, _ in calls
    }
    return [
        {name: rows.numpy() for name, rows in layers[signature](inputs).items()}
        for signature, inputs in calls
    ]


def run_in_c(version: Path, calls: list[Call]) -> list[Arrays]:
    """By TensorFlow's C library; see `c_library.py`."""
    signatures = signatures_of(version)
    answers = version.parent / "answers.npz"
    with_names = version.parent / "calls.npz"
    arrays: dict[str, Any] = {}
    wanted = []
    for number, (name, inputs) in enumerate(calls):
        signature = signatures[name]
        wanted.append([end.name for end in signature.outputs.values()])
        for key, rows in inputs.items():
            arrays[f"{number}|{signature.inputs[key].name}"] = rows
    np.savez(with_names, **arrays)
    done = subprocess.run(
        [
            sys.executable,
            TESTS / "helpers" / "c_library.py",
            tf.sysconfig.get_lib(),
            version,
            with_names,
            answers,
            json.dumps(wanted),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OSError(done.stderr)
    with np.load(answers) as values:
        return [
            {
                key: values[f"{number}|{end.name}"]
                for key, end in signatures[name].outputs.items()
            }
            for number, (name, _) in enumerate(calls)
        ]


RUNNERS: dict[str, Callable[[Path, list[Call]], list[Arrays]]] = {
    "python": run_in_python,
    "keras": run_in_keras,
    "c": run_in_c,
}


# Requests.

SEEDS = np.array([0, 7, -1, 2**63 - 1, -(2**63), 7, 12345678901])


def codes_for(spec: LatentSpec, count: int) -> Arrays:
    """Draws of the codes, categories as numbers."""
    latents = spec.sample(count, tf.constant([3, 5], tf.int64))
    return {
        name: latents[name].numpy().argmax(axis=1).astype(np.int32)
        if name in spec.categorical_names
        else latents[name].numpy()
        for name in spec.codes
    }


def sample_inputs(spec: LatentSpec) -> Arrays:
    return {"seed": SEEDS, **codes_for(spec, len(SEEDS))}


def take(inputs: Arrays, rows: Any) -> Arrays:
    return {name: values[rows] for name, values in inputs.items()}


def expected_images(model: InfoGAN, inputs: Arrays) -> np.ndarray:
    """By Keras, one by one."""
    return np.concatenate(
        [
            model.generate(
                1,
                codes={
                    name: inputs[name][row : row + 1]
                    for name in model.latent_spec.codes
                },
                seed=int(seed),
            )
            for row, seed in enumerate(inputs["seed"])
        ]
    )


def assert_close(received: np.ndarray, expected: np.ndarray) -> None:
    assert received.dtype == np.float32
    np.testing.assert_allclose(
        received, expected, rtol=TOLERANCE, atol=TOLERANCE
    )


def decode(png: np.ndarray) -> np.ndarray:
    return np.stack([tf.io.decode_png(content).numpy() for content in png])


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_answers_are_those_of_keras(published, runner):
    """All signatures, alone and in batches: the same image for a seed."""
    model, spec = published.model, published.kind.spec
    latents = {
        name: rows.numpy() for name, rows in model.sample_latents(4).items()
    }
    inputs = sample_inputs(spec)
    images = expected_images(model, inputs)
    # They are no two alike, and not black and white alone.
    assert images.std(axis=0).mean() > 0.1
    assert np.mean(np.abs(images) < 0.9) > 0.1
    # All at once, one alone, and some of them in another order.
    selections: list[Any] = [slice(None), [3], [5, 0, 4, 1]]
    generated, encoded, *sampled = runner(
        published.path,
        [
            ("serving_default", latents),
            ("encode", {"image": images}),
            *(("sample", take(inputs, rows)) for rows in selections),
            *(("sample_png", take(inputs, rows)) for rows in selections),
        ],
    )
    assert set(generated) == {"image"}
    assert_close(generated["image"], model.generate_from(latents))
    posterior = model.encode(images)
    assert set(encoded) == set(posterior)
    for name, values in encoded.items():
        assert_close(values, posterior[name])
    for rows, image, png in zip(
        selections, sampled[:3], sampled[3:], strict=True
    ):
        assert set(image) == {"image", "valid"}
        assert_close(image["image"], images[rows])
        assert set(png) == {"png_bytes", "valid"}
        pixels = decode(png["png_bytes"])
        # Half a level for the rounding.
        levels = (images[rows] + 1.0) * 127.5
        np.testing.assert_allclose(pixels, levels, rtol=0, atol=0.501)
        for answer in (image, png):
            assert answer["valid"].dtype == np.bool_
            assert answer["valid"].all()


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_the_code_map_of_the_model(published, runner):
    """The file's own text, for each row, whatever its number."""
    call = ("code_map", {"row": np.array([0, -7, 2**63 - 1])})
    (outputs,) = runner(published.path, [call])
    content = (published.path / "assets" / "code_map.json").read_bytes()
    assert outputs["code_map"].tolist() == 3 * [content]


def describe(signatures: Any) -> str:
    lines = []
    for name in sorted(signatures):
        for side in ("inputs", "outputs"):
            ends = getattr(signatures[name], side)
            for key in sorted(ends):
                shape = [dim.size for dim in ends[key].tensor_shape.dim]
                dtype = tf.dtypes.as_dtype(ends[key].dtype).name
                lines.append(f"{name} {side} {key} {dtype} {shape}\n")
    return "".join(lines)


def test_signatures(published):
    """What clients rely on: names, types and shapes, whatever the policy."""
    names = {MNIST: "mnist", ALL_CODES: "all_codes"}
    name = f"saved_model_{names[published.kind.spec]}.txt"
    expected = (DATA / name).read_text()
    assert describe(signatures_of(published.path)) == expected


def test_the_published_version():
    """Signatures, and the images of seeds, of what is in the repository."""
    version = TESTS.parent / "saved_models" / "mnist" / "1"
    expected = (DATA / "saved_model_published.txt").read_text()
    assert describe(signatures_of(version)) == expected
    model = load_model("mnist")
    inputs = sample_inputs(model.latent_spec)
    (outputs,) = run_in_python(version, [("sample", inputs)])
    assert outputs["valid"].all()
    assert_close(outputs["image"], expected_images(model, inputs))


def test_files(published):
    """The whole version, and nothing of the machine it was written on."""
    path = published.path
    files = {
        file.relative_to(path).as_posix(): file
        for file in path.rglob("*")
        if file.is_file()
    }
    assert set(files) == {
        "saved_model.pb",
        "fingerprint.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        "assets/code_map.json",
        "assets/model_card.md",
        "assets/config.json",
        "assets.extra/tf_serving_warmup_requests",
    }
    assert json.loads(files["assets/code_map.json"].read_text()) == {
        "codes": {}
    }
    assert json.loads(files["assets/config.json"].read_text()) == {"seed": 0}
    card = files["assets/model_card.md"].read_text("utf-8")
    assert card == "# Digits, äöü\n"
    for folder in (path.parent, TESTS.parent, Path(sys.prefix)):
        assert bytes(folder) not in files["saved_model.pb"].read_bytes()


def test_warmup_requests(published):
    """Each runs on its signature and has valid rows: the server's gate."""
    file = published.path / WARMUP_FILE
    calls = []
    for record in tf.data.TFRecordDataset(str(file)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.name == published.path.parent.name
        inputs = {
            name: tf.make_ndarray(tensor)
            for name, tensor in request.inputs.items()
        }
        calls.append((request.model_spec.signature_name, inputs))
    covered = [
        (name, len(rows))
        for name, inputs in calls
        for rows in [next(iter(inputs.values()))]
    ]
    assert sorted(covered) == sorted(
        (name, size)
        for name in signatures_of(published.path)
        for size in WARMUP_BATCH_SIZES
    )
    for outputs in run_in_python(published.path, calls):
        assert np.all(outputs.get("valid", True))


BAD_VALUES = [
    # The code, what is wrong with it, and what it is taken for.
    ("category", -1, 0),
    ("category", 3, 2),
    ("kind", -(2**31), 0),
    ("kind", 2**31 - 1, 3),
    ("style", 1.0001, 1.0),
    ("style", -np.inf, 0.0),
    ("style", np.nan, 0.0),
    ("shape", np.inf, 0.0),
    ("shape", np.nan, 0.0),
    ("size", -np.inf, 0.0),
    ("bits", 0.75, 1.0),
    ("bits", -1.0, 0.0),
    ("bits", np.nan, 0.0),
]


@pytest.mark.parametrize("published", ["all_codes"], indirect=True)
def test_bad_rows_among_good(published):
    """Each bad row is told, and the image of a code nearby; no other changes.

    Good and bad rows take turns; what is bad is the last number of the code.
    """
    count = 2 * len(BAD_VALUES)
    seeds = np.arange(count)
    sent = {"seed": seeds, **codes_for(ALL_CODES, count)}
    taken = {name: rows.copy() for name, rows in sent.items()}
    for number, (name, bad, nearest) in enumerate(BAD_VALUES):
        row = 2 * number + 1
        sent[name].reshape(count, -1)[row, -1] = bad
        taken[name].reshape(count, -1)[row, -1] = nearest
    images, png = run_in_python(
        published.path, [("sample", sent), ("sample_png", sent)]
    )
    expected = expected_images(published.model, taken)
    assert_close(images["image"], expected)
    for outputs in (images, png):
        np.testing.assert_array_equal(outputs["valid"], seeds % 2 == 0)


def test_overflow(tmp_path):
    """A finite code that the generator cannot take is a gray image.

    The weights are made such that the first layer overflows, to infinities of
    both signs, and what is sent otherwise gives usual images.
    """
    model = build(KINDS["all_codes"])
    for name, factor in (("dense-1", 1e3), ("conv-3", 1e-3)):
        kernel = model.generator.get_layer(name).kernel
        kernel.assign(kernel * factor)
    sent = take(sample_inputs(ALL_CODES), slice(3))
    sent["shape"][1] = 3e38
    path = export_saved_model(model, tmp_path)
    # It is published without a code map, too.
    outputs, code_map = run_in_python(
        path, [("sample", sent), ("code_map", {"row": np.array([0])})]
    )
    assert code_map["code_map"].tolist() == [b""]
    np.testing.assert_array_equal(outputs["valid"], [True, False, True])
    np.testing.assert_array_equal(outputs["image"][1], 0.0)
    good = [0, 2]
    expected = expected_images(model, take(sent, good))
    assert_close(outputs["image"][good], expected)


@pytest.mark.parametrize("published", ["mnist"], indirect=True)
@pytest.mark.parametrize("runner", [run_in_python, run_in_c])
@pytest.mark.parametrize(
    ("signature", "changes"),
    [
        ("encode", {"image": np.zeros((1, 32, 32, 1), np.float32)}),
        ("sample", {"continuous": np.zeros((7, 3), np.float32)}),
        ("sample", {"category": np.zeros(6, np.int32)}),
    ],
    ids=["image", "width", "batch"],
)
def test_wrong_shapes(published, runner, signature, changes):
    inputs = {} if signature == "encode" else sample_inputs(MNIST)
    call = (signature, {**inputs, **changes})
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError, OSError)):
        runner(published.path, [call])


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("published", ["mnist"], indirect=True)
@pytest.mark.parametrize("runner", [run_in_python, run_in_c])
@pytest.mark.parametrize("damage", [remove, truncate])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "variables.data-00000-of-00001",
            "No such file or directory|Read less bytes than requested",
        ),
        (
            "variables.index",
            # The C++ loader takes a model without an index for one without
            # variables; it fails when it is called, such as by the warm-up.
            "Failed to find any matching files|not an sstable|does not exist",
        ),
    ],
    ids=["data", "index"],
)
def test_damaged_variables(published, tmp_path, runner, damage, name, message):
    """TensorFlow refuses to run them, and names the cause."""
    version = tmp_path / "mnist" / "1"
    shutil.copytree(published.path, version)
    damage(version / "variables" / name)
    image = np.zeros((1, 28, 28, 1), np.float32)
    with pytest.raises((tf.errors.OpError, OSError, IndexError), match=message):
        runner(version, [("encode", {"image": image})])


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file can grow beyond 10 kB, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("small_files")
def test_full_disk(tmp_path):
    directory = tmp_path / "mnist"
    with pytest.raises(
        OSError,
        match=f"{directory} should be writable, with room for the model. "
        "Received: File too large",
    ):
        export_saved_model(build(KINDS["mnist"]), directory)
    assert [path.name for path in directory.iterdir()] == [".lock"]


def test_without_the_extra(tmp_path, monkeypatch):
    """Told before anything is written."""
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(
        ValueError, match=r'Install them by `pip install "keras-infogan\[serv'
    ):
        export_saved_model(build(KINDS["mnist"]), tmp_path / "mnist")
    assert not (tmp_path / "mnist").exists()


EXPORTER = """
import sys
from keras_infogan import Categorical, InfoGAN, LatentSpec
from keras_infogan import build_discriminator, build_generator
from keras_infogan.export.saved_model import export_saved_model

spec = LatentSpec(62, {"category": Categorical(10)})
builders = (build_generator, build_discriminator)
model = InfoGAN(*[build(spec, (8, 8, 1)) for build in builders], spec)
while True:
    export_saved_model(model, sys.argv[1])
"""


def test_killed_while_tensorflow_writes(tmp_path):
    """What a reader sees is whole, and the next export clears up.

    `test_export_publication.py` kills at each step of a publication.
    """
    exporter = subprocess.Popen([sys.executable, "-c", EXPORTER, tmp_path])
    try:
        while True:
            assert exporter.poll() is None
            seen = find_versions(tmp_path)
            for version in seen:
                path = tmp_path / str(version)
                assert (path / "saved_model.pb").exists()
                assert (path / WARMUP_FILE).exists()
            staging = f".staging-{exporter.pid}-{len(seen) + 1}"
            if seen and (tmp_path / staging / "variables").exists():
                break
            time.sleep(0.001)
    finally:
        exporter.kill()
        exporter.wait()
    for version in find_versions(tmp_path):
        tf.saved_model.load(str(tmp_path / str(version)))
    export_saved_model(build(KINDS["mnist"]), tmp_path)
    assert not list(tmp_path.glob(".staging-*"))

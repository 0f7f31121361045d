"""The operator's files, read by what reads them, and the moves of labels."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from keras_infogan.serving import PredictionClient
from keras_infogan.serving.deploy import config as serve_config
from keras_infogan.serving.deploy.canary import main as canary
from keras_infogan.serving.deploy.config import Labels
from keras_infogan.serving.deploy.config import write_serving_files
from tests.helpers.imitated_serving import imitated_rest
from tests.helpers.imitated_serving import sends

SCRIPTS = Path(__file__).parents[3] / "scripts"
FILES = [
    "OPERATING.md",
    "batching.config",
    "compose.yaml",
    "kubernetes.yaml",
    "models.config",
    "monitoring.config",
    "volume.yaml",
]


@pytest.fixture
def model_dir(tmp_path):
    """Four versions, as far as anybody looks, under a name to be quoted."""
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


def load(config, name):
    (document,) = yaml.safe_load_all((config / name).read_text())
    return document


def served(config):
    """The one model of `models.config`, read by the server's own message."""
    message = text_format.Parse(
        (config / "models.config").read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    (model,) = message.model_config_list.config
    return model


def labels_of(config):
    """The labels; what is loaded is just what they name."""
    model = served(config)
    labels = dict(model.version_labels)
    policy = model.model_version_policy.specific
    assert [*policy.versions] == sorted(set(labels.values()))
    return labels


def message_class(fields, file="test.proto"):
    """A message with these fields: name to type, or to a message."""
    pool = descriptor_pool.DescriptorPool()
    content = descriptor_pb2.FileDescriptorProto(name=file, package="test")
    types = descriptor_pb2.FieldDescriptorProto

    def add(name, fields):
        message = content.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), start=1):
            label = types.LABEL_OPTIONAL
            if isinstance(kind, list):
                (kind,), label = kind, types.LABEL_REPEATED
            if isinstance(kind, dict):
                add(field, kind)
                message.field.add(
                    name=field,
                    number=number,
                    label=label,
                    type=types.TYPE_MESSAGE,
                    type_name=f".test.{field}",
                )
            else:
                message.field.add(
                    name=field, number=number, label=label, type=kind
                )

    add("Message", fields)
    pool.Add(content)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("test.Message")
    )


TYPE = descriptor_pb2.FieldDescriptorProto
WRAPPED = {"value": TYPE.TYPE_INT64}


@pytest.fixture
def closed_umask():
    previous = os.umask(0o077)
    yield
    os.umask(previous)


@pytest.mark.usefixtures("closed_umask")
def test_the_files_are_all_there_and_readable(tmp_path, model_dir):
    """By the user of the container, who is nobody."""
    config = tmp_path / "a" / "config"
    write_serving_files(config, model_name="x", model_dir=model_dir)
    assert sorted(path.name for path in config.iterdir()) == FILES
    for path in config.iterdir():
        assert path.stat().st_mode & 0o777 == 0o644
    for path in (config, config.parent):
        assert path.stat().st_mode & 0o777 == 0o755


def test_names_that_yaml_would_take_for_something_else(tmp_path, model_dir):
    """`no` is false, where it has no quotes."""
    write_serving_files(tmp_path, model_name="No", model_dir=model_dir)
    assert load(tmp_path, "compose.yaml")["name"] == "no"
    for value in kubernetes(tmp_path).values():
        assert value["metadata"]["name"] == "no"
        assert value["metadata"]["labels"] == {"app.kubernetes.io/name": "no"}


def test_models_config(config):
    model = served(config)
    assert model.name == "Info_gan"
    assert model.base_path == "/models/Info_gan"
    assert model.model_platform == "tensorflow"
    assert labels_of(config) == {"stable": 1}


def test_batching_config(config):
    """Its fields are those of session_bundle_config.proto.

    The client asks for as many rows as the server takes.
    """
    parameters = message_class(
        {
            "max_batch_size": WRAPPED,
            "batch_timeout_micros": WRAPPED,
            "max_enqueued_batches": WRAPPED,
            "num_batch_threads": WRAPPED,
            "allowed_batch_sizes": [TYPE.TYPE_INT64],
        }
    )
    message = text_format.Parse(
        (config / "batching.config").read_text(), parameters()
    )
    sizes = [*message.allowed_batch_sizes]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == message.max_batch_size.value
    argument = inspect.signature(PredictionClient).parameters["max_batch_size"]
    assert message.max_batch_size.value == argument.default


def test_monitoring_config(config):
    """Its fields are those of monitoring_config.proto."""
    monitoring = message_class(
        {
            "prometheus_config": {
                "enable": TYPE.TYPE_BOOL,
                "path": TYPE.TYPE_STRING,
            }
        }
    )
    message = text_format.Parse(
        (config / "monitoring.config").read_text(), monitoring()
    )
    assert message.prometheus_config.enable
    deployment = kubernetes(config)["Deployment"]
    template = deployment["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == message.prometheus_config.path


def test_compose(config, model_dir):
    service = load(config, "compose.yaml")["services"]["serving"]
    assert service["image"] == "tensorflow/serving:2.20.0"
    assert all(
        port.startswith("${SERVING_HOST:-127.0.0.1}:")
        for port in service["ports"]
    )
    models, configuration = service["volumes"]
    # As compose finds it: from the folder of its file.
    source = config / models["source"].replace("$$", "$")
    assert source.resolve() == model_dir
    assert models["target"] == served(config).base_path
    assert configuration["source"] == "."
    assert models["read_only"]
    assert configuration["read_only"]
    assert service["read_only"]
    check_flags(service["command"], configuration["target"])


def check_flags(flags, mount):
    options = dict(flag.removeprefix("--").split("=") for flag in flags)
    assert options.pop("allow_version_labels_for_unavailable_models") == "true"
    assert options.pop("enable_batching") == "true"
    assert options.pop("model_config_file_poll_wait_seconds") == "10"
    assert options == {
        "model_config_file": f"{mount}/models.config",
        "batching_parameters_file": f"{mount}/batching.config",
        "monitoring_config_file": f"{mount}/monitoring.config",
    }


def kubernetes(config):
    documents = yaml.safe_load_all((config / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


def test_kubernetes(tmp_path, model_dir):
    write_serving_files(
        tmp_path / "config",
        model_name="Info_gan",
        model_dir=model_dir,
        replicas=3,
        max_replicas=9,
    )
    objects = kubernetes(tmp_path / "config")
    deployment = objects["Deployment"]["spec"]
    scaler = objects["HorizontalPodAutoscaler"]["spec"]
    # The autoscaler's alone, or each `apply` would undo what it did.
    assert "replicas" not in deployment
    assert scaler["minReplicas"] == 3
    assert scaler["maxReplicas"] == 9
    names = {value["metadata"]["name"] for value in objects.values()}
    assert names == {"info-gan"} == {scaler["scaleTargetRef"]["name"]}
    template = deployment["template"]
    labels = template["metadata"]["labels"]
    assert labels == deployment["selector"]["matchLabels"]
    assert labels == objects["Service"]["spec"]["selector"]

    pod = template["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "tensorflow/serving:2.20.0"
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["volumes"]}
    assert mounts["models"]["readOnly"]
    assert mounts["config"]["readOnly"]
    check_flags(container["args"], mounts["config"]["mountPath"])
    assert {*container["resources"]} == {"requests", "limits"}
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    ports = {port["name"] for port in container["ports"]}
    targets = {
        port["targetPort"] for port in objects["Service"]["spec"]["ports"]
    }
    assert targets == ports
    assert container["livenessProbe"]["httpGet"]["port"] in ports

    claim, copier = yaml.safe_load_all(
        (tmp_path / "config" / "volume.yaml").read_text()
    )
    claimed = {
        pod["volumes"][0]["persistentVolumeClaim"]["claimName"]
        for pod in (pod, copier["spec"])
    }
    assert claimed == {claim["metadata"]["name"]}
    # What it copies is read by the user of the servers, by the same image.
    assert copier["spec"]["securityContext"].items() >= (
        pod["securityContext"].items()
    )
    assert copier["spec"]["containers"][0]["image"] == container["image"]


@pytest.mark.parametrize(
    ("failures", "healthy"),
    [
        ([], True),
        ([sends(404, '{ "error": "Servable not found for request" }')], False),
        ([sends(400, '{ "error": "Unrecognized version label" }')], False),
    ],
)
def test_the_health_check_of_both(failures, healthy, config):
    """Run as it is, by bash, against an imitation at another port.

    It asks for the metadata of the label: `GetModelStatusImpl` of the server
    ignores labels, so that its status is AVAILABLE where any version is.
    """
    service = load(config, "compose.yaml")["services"]["serving"]
    container = kubernetes(config)["Deployment"]["spec"]["template"]["spec"][
        "containers"
    ][0]
    command = service["healthcheck"]["test"][1:]
    assert command == container["readinessProbe"]["exec"]["command"]
    with imitated_rest() as server:
        server.failures = failures
        done = subprocess.run(
            [
                part.replace("8501", str(server.port)).replace(
                    "Info_gan", "infogan"
                )
                for part in command
            ],
            check=False,
            timeout=10,
        )
    assert (done.returncode == 0) == healthy
    (request,) = server.requests
    path = "/v1/models/infogan/labels/stable/metadata"
    assert request[:2] == ("GET", path)


def test_the_health_check_of_no_server(config):
    service = load(config, "compose.yaml")["services"]["serving"]
    with imitated_rest() as server:
        port = server.port
    done = subprocess.run(
        [
            part.replace("8501", str(port))
            for part in service["healthcheck"]["test"][1:]
        ],
        check=False,
        capture_output=True,
        timeout=10,
    )
    assert done.returncode


def test_the_commands_of_the_guide(config):
    """Each is one that the script takes, and each file is there."""
    text = (config / "OPERATING.md").read_text()
    steps = re.findall(
        r'"\$REPOSITORY/scripts/canary.sh" (.*) --config \.', text
    )
    assert steps == ["publish 2", "promote", "rollback", "show"]
    for name in re.findall(r"apply --filename=(\w\S+)", text):
        assert name in FILES
    (copied,) = re.findall(r"kubectl cp (.*) info-gan-copy:/models/", text)
    (source,) = shlex.split(copied)
    assert (config / source / "saved_model.pb").is_file()
    for name in re.findall(r"--from-file=(\S+)", text):
        assert name in FILES
    text = text.replace("a $model: ", "").replace("$REPOSITORY", "")
    assert "$" not in text


# Labels


def test_a_canary_release_step_by_step(config):
    assert serve_config.publish_canary(config, 2) == Labels(1, canary=2)
    assert labels_of(config) == {"stable": 1, "canary": 2}
    serve_config.roll_back(config)
    assert labels_of(config) == {"stable": 1}
    serve_config.publish_canary(config, 3)
    serve_config.promote_canary(config)
    assert labels_of(config) == {"stable": 3, "previous": 1}
    # Both stay loaded, so that no request falls between.
    serve_config.roll_back(config)
    assert labels_of(config) == {"stable": 1, "previous": 3}
    serve_config.publish_canary(config, 4)
    assert labels_of(config) == {"stable": 1, "canary": 4, "previous": 3}
    assert serve_config.promote_canary(config) == Labels(4, previous=1)
    assert labels_of(config) == {"stable": 4, "previous": 1}


def test_the_previous_version_as_a_canary(config):
    """It has one label, and a promotion ends as any other."""
    serve_config.publish_canary(config, 2)
    serve_config.promote_canary(config)
    serve_config.roll_back(config)
    assert labels_of(config) == {"stable": 1, "previous": 2}
    assert serve_config.publish_canary(config, 2) == Labels(1, canary=2)
    assert serve_config.promote_canary(config) == Labels(2, previous=1)


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (lambda d: serve_config.publish_canary(d, 1), "another version"),
        (lambda d: serve_config.publish_canary(d, 9), "have the version 9"),
        (lambda d: serve_config.publish_canary(d, -1), "have the version -1"),
        (
            lambda d: write_with_labels(d, stable=2),
            "scripts/canary.sh. Received: 2 and None .* which are 1 and None",
        ),
        (
            lambda d: write_with_labels(d, stable=1, canary=2),
            "Received: 1 and 2 .* which are 1 and None",
        ),
        (serve_config.promote_canary, "a canary to promote.*stable=1 alone"),
        (serve_config.roll_back, "a canary or a previous version"),
    ],
)
def test_moves_that_cannot_be(move, message, config):
    before = (config / "models.config").read_bytes()
    with pytest.raises(ValueError, match=message):
        move(config)
    assert (config / "models.config").read_bytes() == before


def write_with_labels(directory, **labels):
    model = serve_config.read_models_config(directory)
    write_serving_files(
        directory,
        model_name=model.name,
        model_dir=directory / model.folder,
        **labels,
    )


def test_no_label_moves_to_what_is_not_loaded(config):
    """The server would refuse the file at each look, and never load it.

    `UpdateModelVersionLabelMap` of its server_core.cc comes before versions are
    added, and lets labels that are new go to versions that are not loaded.
    """
    serve_config.publish_canary(config, 2)
    before = (config / "models.config").read_bytes()
    with pytest.raises(ValueError, match="Received: 3, and 2 is the canary"):
        serve_config.publish_canary(config, 3)
    assert serve_config.publish_canary(config, 2) == Labels(1, canary=2)
    write_with_labels(config, stable=1, canary=2)
    assert (config / "models.config").read_bytes() == before


def test_a_label_is_moved_in_one_step(config, monkeypatch):
    """A move that is cut off leaves the file as it was, and nothing else."""
    before = (config / "models.config").read_bytes()

    def cut_off(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises(OSError, match="No space left"):
        serve_config.publish_canary(config, 2)
    assert (config / "models.config").read_bytes() == before
    assert sorted(path.name for path in config.iterdir()) == FILES


def test_the_script(config):
    """As operators run it; the labels are JSON."""
    script = [SCRIPTS / "canary.sh", "publish", "2", "--config", config]
    done = subprocess.run(
        script,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHON": sys.executable},
    )
    assert json.loads(done.stdout) == {
        "stable": 1,
        "canary": 2,
        "previous": None,
    }
    assert labels_of(config) == {"stable": 1, "canary": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["publish"], "publish takes a version"),
        (["promote", "2"], "the other steps do not"),
        (["show", "--config=nope"], "serve-config` wrote. Received: nope, w"),
        (["promote"], "canary.sh: error: There should be a canary"),
        (["rollback"], "canary.sh: error: There should be a canary or"),
    ],
)
def test_the_script_says_what_is_wrong(arguments, message, config, capsys):
    with pytest.raises(SystemExit) as ended:
        canary(["--config", str(config), *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


# Writing


def test_written_again_it_is_the_same(config, model_dir):
    before = {path.name: path.read_bytes() for path in config.iterdir()}
    write_serving_files(config, model_name="Info_gan", model_dir=model_dir)
    after = {path.name: path.read_bytes() for path in config.iterdir()}
    assert after == before


def test_written_again_the_labels_stay(config, model_dir):
    serve_config.publish_canary(config, 2)
    serve_config.promote_canary(config)
    write_serving_files(
        config, model_name="Info_gan", model_dir=model_dir, replicas=4
    )
    assert labels_of(config) == {"stable": 2, "previous": 1}
    scaler = kubernetes(config)["HorizontalPodAutoscaler"]["spec"]
    assert scaler["minReplicas"] == 4


def test_labels_can_be_given(tmp_path, model_dir):
    write_serving_files(
        tmp_path, model_name="Info_gan", model_dir=model_dir, stable=3, canary=4
    )
    assert labels_of(tmp_path) == {"stable": 3, "canary": 4}


@pytest.mark.parametrize(
    ("directory", "model_dir", "expected"),
    [
        ("ops", "mnist", "../mnist"),
        ("ops", "models/mnist", "../models/mnist"),
        ("ops", "ops/mnist", "./mnist"),
        ("ops/here", "mnist", None),
    ],
)
def test_what_is_moved_together_stays_whole(
    directory, model_dir, expected, tmp_path
):
    """Paths are relative where the versions are beside or below."""
    before, after = tmp_path / "before", tmp_path / "after"
    for version in ("1", "2"):
        (before / model_dir / version).mkdir(parents=True)
        (before / model_dir / version / "saved_model.pb").touch()
    write_serving_files(
        before / directory, model_name="x", model_dir=before / model_dir
    )
    expected = expected or str(before / model_dir)
    compose = load(before / directory, "compose.yaml")
    volumes = compose["services"]["serving"]["volumes"]
    assert volumes[0]["source"] == expected
    guide = (before / directory / "OPERATING.md").read_text()
    assert f"    {expected}\n" in guide
    before.rename(after)
    if expected.startswith("."):
        labels = serve_config.publish_canary(after / directory, 2)
        assert labels == Labels(1, canary=2)
        assert str(tmp_path) not in guide
    else:
        with pytest.raises(ValueError, match="give the folder that has it"):
            serve_config.publish_canary(after / directory, 2)


def test_the_versions_of_another_folder(config, tmp_path):
    """Nobody named the version 2 but the label that is written there."""
    serve_config.publish_canary(config, 2)
    (tmp_path / "other" / "1").mkdir(parents=True)
    (tmp_path / "other" / "1" / "saved_model.pb").touch()
    with pytest.raises(ValueError, match="version 2, which the label 'canary'"):
        write_serving_files(
            config, model_name="x", model_dir=tmp_path / "other"
        )


@pytest.mark.parametrize("name", FILES)
def test_what_was_changed_by_hand_is_kept(name, config, model_dir):
    """None of the files is written then, neither this one nor another."""
    path = config / name
    path.write_text(path.read_text() + "\n")
    before = {path.name: path.read_bytes() for path in config.iterdir()}
    error = ValueError if name == "models.config" else FileExistsError
    with pytest.raises(error, match="changed by hand"):
        write_serving_files(
            config, model_name="other", model_dir=model_dir, replicas=5
        )
    after = {path.name: path.read_bytes() for path in config.iterdir()}
    assert after == before


def test_files_of_others_are_kept(tmp_path, model_dir):
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    with pytest.raises(FileExistsError, match="compose.yaml should be as"):
        write_serving_files(tmp_path, model_name="x", model_dir=model_dir)
    assert not (tmp_path / "models.config").exists()


def test_labels_that_were_changed_by_hand_are_not_moved(config):
    path = config / "models.config"
    path.write_text(path.read_text().replace("value: 1", "value: 2"))
    with pytest.raises(ValueError, match="changed by hand"):
        serve_config.publish_canary(config, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model_name": "a/b"}, "`model_name` should be letters"),
        ({"model_name": ""}, "`model_name` should be letters"),
        ({"model_name": '"'}, "`model_name` should be letters"),
        ({"model_name": "zäh"}, "of ASCII.* Received: 'zäh'"),
        ({"model_name": "7"}, "a letter first, .* Received: '7'"),
        ({"model_name": "a" * 53}, "at most 52"),
        ({"stable": 7}, "have the version 7, .* Received: no .*saved_m"),
        ({"stable": 1, "canary": 7}, "version 7, which the label 'canary'"),
        ({"canary": 2}, "`canary` needs `stable`"),
        ({"stable": 2, "canary": 2}, "another version than `stable`"),
        ({"replicas": 0}, "`replicas` should be at least 1"),
        ({"replicas": 9}, "at most `max_replicas`. Received: 9 and 8"),
    ],
)
def test_arguments_that_cannot_be(options, message, tmp_path, model_dir):
    options = {"model_name": "infogan", "model_dir": model_dir, **options}
    with pytest.raises(ValueError, match=message):
        write_serving_files(tmp_path / "config", **options)
    assert not (tmp_path / "config").exists()


# scripts/serve.sh


def serve(*arguments, **environment):
    return subprocess.run(
        [SCRIPTS / "serve.sh", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


def test_without_a_server_the_container_is_named(model_dir):
    done = serve(model_dir, "infogan", "--", "--enable_batching", GRPC_PORT="9")
    assert done.returncode == 3
    # What the shell makes of the line, in place of a container.
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {done.stdout}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert words[:2] == ["docker", "run"]
    assert words[-2:] == ["tensorflow/serving:2.20.0", "--enable_batching"]
    assert (
        f"type=bind,source={model_dir},target=/models/infogan,readonly" in words
    )
    assert "127.0.0.1:9:8500" in words
    assert "127.0.0.1:8501:8501" in words


def test_with_a_server_it_is_run(model_dir, tmp_path):
    """A program that prints what it is called with."""
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    done = serve(
        model_dir,
        "infogan",
        "--",
        "--flag",
        TENSORFLOW_MODEL_SERVER=str(program),
        REST_PORT="9501",
    )
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "--model_name=infogan",
        f"--model_base_path={model_dir}",
        "--rest_api_port=9501",
        "--port=8500",
        "--flag",
    ]


def test_what_cannot_be_served(tmp_path, model_dir):
    done = serve(tmp_path)
    assert done.returncode == 2
    assert "should have versions" in done.stderr
    done = serve(model_dir, "x", TENSORFLOW_MODEL_SERVER="/nowhere")
    assert done.returncode == 2
    assert "should name a program. Received: /nowhere" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["x"], {"REST_PORT": "abc"}, "from 1 to 65535. Received: abc"),
        (["x"], {"GRPC_PORT": "65536"}, "from 1 to 65535. Received: 65536"),
        (["x"], {"GRPC_PORT": "8501"}, "should be two. Received: 8501"),
        (["A b"], {}, "letters, digits, _, - and . alone. Received: A b"),
        (["--flag"], {}, "usage: "),
        (["x", "y"], {}, "usage: "),
    ],
)
def test_what_serve_does_not_take(arguments, environment, message, model_dir):
    done = serve(model_dir, *arguments, **environment)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_serve_explains_itself():
    done = serve("--help")
    assert done.returncode == 0
    assert "scripts/serve.sh DIR [NAME] [-- FLAGS]" in done.stdout
    assert "set -" not in done.stdout

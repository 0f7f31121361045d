"""The files, parsed by what reads them in production."""

import inspect
import re
import shlex
import subprocess

import pytest
import yaml
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import text_format

from keras_infogan.cli.main import _parser
from keras_infogan.export.saved_model import WARMUP_BATCH_SIZES
from keras_infogan.serving import PredictionClient
from keras_infogan.serving.deploy.config import write_serving_files
from tests.helpers.deploy import FILES
from tests.helpers.deploy import kubernetes
from tests.helpers.deploy import labels_of
from tests.helpers.deploy import load
from tests.helpers.deploy import served
from tests.helpers.imitated_rest import imitated_rest
from tests.helpers.imitated_rest import sends


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


def test_names_that_yaml_would_convert(tmp_path, model_dir):
    """Without quotes, `no` is false in YAML."""
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

    The client's default batch size is the server's limit.
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
    text = (config / "batching.config").read_text()
    message = text_format.Parse(text, parameters())
    sizes = [*message.allowed_batch_sizes]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == message.max_batch_size.value
    # The server refuses a version whose warm-up has more rows.
    assert message.max_batch_size.value >= max(WARMUP_BATCH_SIZES)
    assert f"at least {max(WARMUP_BATCH_SIZES)}." in text
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
    # Compose resolves it relative to the folder of its file.
    source = config / models["source"].replace("$$", "$")
    assert source.resolve() == model_dir
    assert models["target"] == served(config).base_path
    assert configuration["source"] == "."
    assert models["read_only"]
    assert configuration["read_only"]
    assert service["read_only"]
    check_flags(service["command"], configuration["target"])
    # As process 1 it would ignore SIGTERM.
    assert service["init"]
    assert service["entrypoint"] == ["tensorflow_model_server"]


def check_flags(flags, mount):
    options = dict(flag.removeprefix("--").split("=") for flag in flags)
    assert options.pop("allow_version_labels_for_unavailable_models") == "true"
    assert options.pop("enable_batching") == "true"
    assert options.pop("model_config_file_poll_wait_seconds") == "10"
    assert options.pop("port") == "8500"
    assert options.pop("rest_api_port") == "8501"
    # Else the reason of a failed load is hidden for five minutes.
    assert options.pop("max_num_load_retries") == "0"
    # The default is 4 for each CPU: 8 callers at once were too many.
    assert int(options.pop("grpc_max_threads")) >= 64
    assert int(options.pop("rest_api_num_threads")) >= 64
    assert options == {
        "model_config_file": f"{mount}/models.config",
        "batching_parameters_file": f"{mount}/batching.config",
        "monitoring_config_file": f"{mount}/monitoring.config",
    }


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
    # Only the autoscaler sets them, or each `apply` would reset them.
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
    assert pod["shareProcessNamespace"]
    assert container["command"] == ["tensorflow_model_server"]
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
    # It runs as the user of the servers, so that they can read what it copies.
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
def test_the_health_check(failures, healthy, config):
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


def test_the_health_check_without_a_server(config):
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
    """The commands exist, and so does each file."""
    text = (config / "OPERATING.md").read_text()
    steps = re.findall(r"keras-infogan canary (.*) --config \.(.*)", text)
    steps = ["".join(step).split("`")[0] for step in steps]
    assert steps == [
        "publish 2",
        "promote --server http://localhost:8501",
        "rollback",
        "show",
        "rollback",
    ]
    for step in steps:
        _parser().parse_args(["canary", *step.split(), "--config=."])
    for name in re.findall(r"apply --filename=(\w\S+)", text):
        assert name in FILES
    (copied,) = re.findall(r"kubectl cp (.*) info-gan-copy:/models/", text)
    (source,) = shlex.split(copied)
    assert (config / source / "saved_model.pb").is_file()
    for name in re.findall(r"--from-file=(\S+)", text):
        assert name in FILES
    # Every placeholder of the template was filled in.
    assert "$" not in text.replace("a $model: ", "")

"""Readers of the files that `write_serving_files` writes."""

import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

FILES = [
    "OPERATING.md",
    "batching.config",
    "compose.yaml",
    "kubernetes.yaml",
    "models.config",
    "monitoring.config",
    "volume.yaml",
]


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


def kubernetes(config):
    documents = yaml.safe_load_all((config / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}

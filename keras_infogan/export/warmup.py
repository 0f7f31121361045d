"""Requests that TensorFlow Serving runs before it offers a version."""

from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

# Where the server looks for them.
WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")


def serialize_requests(
    model_name: str, requests: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[bytes]:
    """Requests as the records of a warm-up file.

    Args:
        model_name: The name that the model is served under.
        requests: Pairs of the name of a signature and its inputs by name.

    Raises:
        ValueError: If TensorFlow Serving's messages are not installed.
    """
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError as error:
        raise ValueError(
            "The export needs the messages of TensorFlow Serving for its "
            f"warm-up requests. Received: {error}. "
            'Install them by `pip install "keras-infogan[serving]"`.'
        ) from error
    records = []
    for signature, inputs in requests:
        log = prediction_log_pb2.PredictionLog()
        request = log.predict_log.request
        request.model_spec.name = model_name
        request.model_spec.signature_name = signature
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
        records.append(log.SerializeToString())
    return records


def write_warmup(version_dir: Path, records: Iterable[bytes]) -> None:
    """Writes the warm-up file of a version; one that fails is not served."""
    path = version_dir / WARMUP_FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)

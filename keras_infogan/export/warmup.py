"""Requests that TensorFlow Serving runs before it offers a version."""

from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

# Where the server looks for them.
WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")


def write_warmup_requests(
    version_dir: Path,
    model_name: str,
    requests: Iterable[tuple[str, Mapping[str, Any]]],
) -> None:
    """Writes requests for the server to run while it loads a version.

    A version of which one fails is not served.

    Args:
        version_dir: The folder of the SavedModel.
        model_name: The name that the model is served under.
        requests: Pairs of the name of a signature and its inputs by name.
    """
    messages = _import_messages()
    path = version_dir / WARMUP_FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            log = messages.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = model_name
            request.model_spec.signature_name = signature
            for name, values in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
            writer.write(log.SerializeToString())


def _import_messages() -> Any:
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError as error:
        raise ValueError(
            "The export needs the messages of TensorFlow Serving for its "
            f"warm-up requests. Received: {error}. "
            'Install them by `pip install "keras-infogan[serving]"`.'
        ) from error
    return prediction_log_pb2

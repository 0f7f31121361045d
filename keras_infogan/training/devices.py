"""The devices of a run: one, several of a machine, or those of several.

See `README.md` in this folder for the commands.
"""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_infogan.json_text import parse_json

# Seconds that a worker waits for the others in a step, before it gives up. They
# include what the chief does between two steps.
TIMEOUT = 300.0
# Seconds that a worker waits for the others to start; a scheduler of jobs may
# start some later. TensorFlow itself waits without end.
START_TIMEOUT = 600.0
_SECONDS_BETWEEN_ATTEMPTS = 0.2


# What TensorFlow raises on a worker when another one is gone.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


class WorkerLost(ConnectionError):
    """Another worker of the job has stopped."""


@contextlib.contextmanager
def naming_lost_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Raises a `WorkerLost` for what TensorFlow raises if a worker is gone."""
    try:
        yield
    except _LOST as error:
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise
        raise WorkerLost(
            "Another worker of the job has stopped or cannot be reached. Start "
            "the same command on all workers again: it resumes from the last "
            "checkpoint."
        ) from error


def make_strategy(num_devices: int = 1) -> tf.distribute.Strategy:
    """The strategy of a run; call it before TensorFlow does anything else.

    With a `TF_CONFIG` of several workers, it is that of all of them, and each
    uses all of its GPUs. Otherwise, it is for the first GPUs of this machine,
    or, without any, for as many logical devices of its CPU.

    Args:
        num_devices: Devices of this machine to use.

    Raises:
        ValueError: If there are not as many devices, or `TF_CONFIG` is wrong.
        WorkerLost: If the other workers do not start within `START_TIMEOUT`.
    """
    if num_devices < 1:
        raise ValueError(
            f"--devices should be at least 1. Received: {num_devices}."
        )
    cluster, task = _read_tf_config()
    if len(_addresses(cluster)) > 1:
        return _make_worker(cluster, task, num_devices)
    if num_devices == 1:
        return tf.distribute.get_strategy()
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        if num_devices > len(gpus):
            raise ValueError(
                f"--devices should be at most the {len(gpus)} GPUs of this "
                f"machine. Received: {num_devices}."
            )
        return tf.distribute.MirroredStrategy(
            [f"GPU:{number}" for number in range(num_devices)]
        )
    (cpu,) = tf.config.list_physical_devices("CPU")
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * num_devices
        )
    except RuntimeError:
        raise ValueError(
            "Logical CPUs should be made before TensorFlow is used. Received: "
            f"{num_devices} devices in a process that has used it. Start "
            "another process."
        ) from None
    return tf.distribute.MirroredStrategy(
        [f"CPU:{number}" for number in range(num_devices)],
        # Faster here than the ring of threads that is the default.
        tf.distribute.ReductionToOneDevice(),
    )


def _make_worker(
    cluster: dict[str, Any], task: dict[str, Any], num_devices: int
) -> tf.distribute.Strategy:
    if num_devices > 1:
        raise ValueError(
            "--devices is for one machine: with several workers in TF_CONFIG, "
            "each uses all of its GPUs, or those of CUDA_VISIBLE_DEVICES. "
            f"Received: {num_devices} and worker {task['index']}."
        )
    own = cluster[task["type"]][task["index"]]
    _wait_for_workers(own, set(_addresses(cluster)) - {own})
    return tf.distribute.MultiWorkerMirroredStrategy(
        communication_options=tf.distribute.experimental.CommunicationOptions(
            timeout_seconds=TIMEOUT
        )
    )


def _wait_for_workers(own: str, others: set[str]) -> None:
    """Returns once all workers have been seen to listen on their ports.

    Each listens on its own, until it has seen the others; TensorFlow then does.
    """
    end = time.monotonic() + START_TIMEOUT
    try:
        listener = socket.create_server(("", int(own.rpartition(":")[2])))
    except OSError as error:
        raise ValueError(
            f"The port of this worker, {own} in TF_CONFIG, should be free. "
            f"Received: {error.strerror}."
        ) from None
    with listener:
        while others := {each for each in others if not _is_listening(each)}:
            if time.monotonic() > end:
                raise WorkerLost(
                    f"{', '.join(sorted(others))} of TF_CONFIG cannot be "
                    f"reached for {START_TIMEOUT:.0f} s: not started, or "
                    "finished already. Start the same command on all workers."
                )
            time.sleep(_SECONDS_BETWEEN_ATTEMPTS)


def _is_listening(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5):
            return True
    except OSError:
        return False


def is_chief() -> bool:
    """Whether this process writes the files of the run."""
    cluster, task = _read_tf_config()
    if len(_addresses(cluster)) < 2:
        return True
    return task["type"] == "chief" or (
        "chief" not in cluster and task["index"] == 0
    )


def from_chief(
    strategy: tf.distribute.Strategy, numbers: npt.ArrayLike
) -> np.ndarray:
    """The numbers that the chief has, on all workers; waits for all."""
    array = np.asarray(numbers)
    if strategy.num_replicas_in_sync == 1:
        return array
    parts = strategy.experimental_distribute_values_from_function(
        # The chief has the first replica.
        lambda context: tf.constant(
            np.zeros_like(array) if context.replica_id_in_sync_group else array
        )
    )
    return strategy.reduce("SUM", parts, axis=None).numpy()


def _read_tf_config() -> tuple[dict[str, Any], dict[str, Any]]:
    """Cluster and task of `TF_CONFIG`; both empty without it."""
    text = os.environ.get("TF_CONFIG")
    if not text:
        return {}, {}
    try:
        config = parse_json(text)
        cluster, task = config["cluster"], config["task"]
        address = cluster[task["type"]][task["index"]]
        if not set(cluster) <= {"chief", "worker"} or not all(
            each.rpartition(":")[2].isdecimal() for each in _addresses(cluster)
        ):
            raise ValueError(address)
    except (ValueError, TypeError, LookupError):
        raise ValueError(
            "TF_CONFIG should be JSON such as "
            '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": '
            '"worker", "index": 0}}, with workers and perhaps one chief. '
            f"Received: {text[:200]!r}."
        ) from None
    return cluster, task


def _addresses(cluster: dict[str, Any]) -> list[str]:
    return [address for addresses in cluster.values() for address in addresses]

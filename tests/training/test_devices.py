"""Runs on several devices and workers: equal, killed, resumed, refused."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_infogan.training import devices
from keras_infogan.training.run_log import read_log

TIMEOUT = 300
# Small networks, with fewer layers that meet in a step.
OPTIONS = (
    "--preset=paper",
    "--architecture=compact",
    "--normalization=layer",
    "--image-size=8",
    "--batch-size=16",
    "--epochs=2",
    "--log-interval=1",
    "--checkpoint-interval=5",
    "--no-export",
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten classes of gray squares with noise; 10 steps an epoch."""
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 10
    noise = generator.uniform(0, 60, (200, 8, 8, 1))
    pixels = (noise + 20 * labels[:, None, None, None]).astype(np.uint8)
    path = tmp_path_factory.mktemp("images") / "squares.npz"
    np.savez(
        path,
        x_train=pixels[:160],
        y_train=labels[:160],
        x_test=pixels[160:],
        y_test=labels[160:],
    )
    return path


def start(
    run_dir: Path, images: Path, *options: str, config: Any = None
) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k != "TF_CONFIG"}
    if config:
        environment["TF_CONFIG"] = json.dumps(config)
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "keras_infogan", "train"),
            *(f"--run-dir={run_dir}", f"--dataset={images}"),
            *(*OPTIONS, *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def free_addresses() -> list[str]:
    """Two on loopback, at ports that were free a moment ago."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{probe.getsockname()[1]}" for probe in (one, other)]


def start_workers(run_dir: Path, images: Path) -> list[subprocess.Popen[str]]:
    addresses = free_addresses()
    return [
        start(
            run_dir,
            images,
            config={
                "cluster": {"worker": addresses},
                "task": {"type": "worker", "index": index},
            },
        )
        for index in range(2)
    ]


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    return out


def lines_of(run_dir: Path) -> dict[int, dict[str, float]]:
    """The lines of the log by step, without their speed."""
    lines = {line["step"]: line for line in read_log(run_dir / "log.jsonl")}
    for line in lines.values():
        del line["images_per_second"]
    return lines


def wait_for_step(
    run_dir: Path, process: subprocess.Popen[str], step: int
) -> None:
    end = time.monotonic() + TIMEOUT
    while max(lines_of(run_dir), default=0) < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_killed_worker(images, tmp_path):
    """A job of two workers ends with one line, and resumes exactly.

    The steps that it makes again have the same losses, bit for bit.
    """
    run_dir = tmp_path / "workers"
    chief, worker = start_workers(run_dir, images)
    wait_for_step(run_dir, chief, 7)
    worker.send_signal(signal.SIGKILL)
    _, err = chief.communicate(timeout=90)
    worker.communicate()
    assert chief.returncode == 2
    assert "Another worker of the job has stopped" in err.splitlines()[-1]
    assert not (run_dir / "model.keras").exists()
    before = lines_of(run_dir)

    chief, worker = start_workers(run_dir, images)
    out, err = chief.communicate(timeout=TIMEOUT)
    assert chief.returncode == 0, err
    assert json.loads(out)["num_test_images"] == 40
    assert json.loads(finish(worker)) == {"run_dir": str(run_dir)}
    first_step = int(err.split("Resuming after step ")[1].split()[0])
    assert first_step < max(before)
    lines = lines_of(run_dir)
    assert max(lines) == 20
    assert {step: lines[step] for step in before} == before


def test_a_worker_does_not_wait_forever(monkeypatch):
    """For another one that has finished, or was never started."""
    own, other = free_addresses()
    config = {
        "cluster": {"worker": [own, other]},
        "task": {"type": "worker", "index": 0},
    }
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    monkeypatch.setattr(devices, "START_TIMEOUT", 0.3)
    begin = time.monotonic()
    with pytest.raises(devices.WorkerLost, match=f"^{other} of TF_CONFIG can"):
        devices.make_strategy()
    assert 0.3 < time.monotonic() - begin < 10
    # The port of this worker is free again.
    port = int(own.rpartition(":")[2])
    with socket.create_server(("", port)):
        with pytest.raises(ValueError, match="should be free. Received: Addr"):
            devices.make_strategy()


@pytest.mark.parametrize(
    ("config", "number", "words"),
    [
        ("{", 1, "TF_CONFIG should be JSON"),
        ({"cluster": {"worker": ["a:1", "b:1"]}}, 1, "TF_CONFIG should be"),
        (
            {
                "cluster": {"worker": ["a:1", "b"]},
                "task": {"type": "worker", "index": 0},
            },
            1,
            "TF_CONFIG should be",
        ),
        (
            {
                "cluster": {"worker": ["a:1", "b:1"], "ps": ["c:1"]},
                "task": {"type": "ps", "index": 0},
            },
            1,
            "TF_CONFIG should be JSON",
        ),
        (
            {
                "cluster": {"worker": ["a:1", "b:1"]},
                "task": {"type": "worker", "index": 1},
            },
            2,
            "Received: 2 and worker 1",
        ),
        (None, 0, "--devices should be at least 1"),
        (None, 2, "in a process that has used it"),
    ],
    ids=["no_json", "no_task", "port", "server", "both", "none", "late"],
)
def test_wrong_devices_are_refused(config, number, words, monkeypatch):
    tf.constant(0)
    if config:
        text = config if isinstance(config, str) else json.dumps(config)
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=words):
        devices.make_strategy(number)


@pytest.mark.parametrize(
    ("cluster", "task", "expected"),
    [
        ({"worker": ["a:1", "b:1"]}, ("worker", 0), True),
        ({"worker": ["a:1", "b:1"]}, ("worker", 1), False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("worker", 0), False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("chief", 0), True),
        ({"worker": ["a:1"]}, ("worker", 0), True),
    ],
)
def test_one_process_writes(cluster, task, expected, monkeypatch):
    kind, index = task
    config = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert devices.is_chief() == expected

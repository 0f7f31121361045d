"""Incidents while commands run: kills, a full disk, lost rights, and others.

Each is a function of a folder with a data set and a finished run, and returns
what is wrong: nothing if all is well.
"""

import collections
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_infogan.files import write_json

Problems = list[str]
_TIMEOUT = 600.0
# 12 steps an epoch; log, checkpoints and pictures within it.
_OPTIONS = (
    "--dataset=images.npz",
    "--image-size=8",
    "--batch-size=8",
    "--epochs=2",
    "--log-interval=4",
    "--checkpoint-interval=4",
    "--sample-interval=6",
    "--steps-per-execution=1",
    "--data-dir=tfds",
)


def command(*words: object) -> list[str]:
    """The command line of this package."""
    return [sys.executable, "-m", "keras_infogan", *map(str, words)]


def train(run_dir: str, *options: str) -> list[str]:
    """The training of the small run."""
    return command("train", f"--run-dir={run_dir}", *_OPTIONS, *options)


def run(
    words: list[str], folder: Path, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end in a folder."""
    return subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        **options,
    )


def prepare(folder: Path) -> dict[str, float]:
    """Makes the data set, and the good run; returns the seconds of phases."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (120, 8, 8, 1)).astype(np.uint8)
    np.savez(folder / "images.npz", x=images, y=np.arange(120) % 10)
    process = subprocess.Popen(
        train("good"), cwd=folder, stdout=subprocess.DEVNULL
    )
    seconds: dict[str, float] = collections.defaultdict(float)
    now = time.perf_counter()
    while process.poll() is None:
        where = phase(folder / "good")
        time.sleep(0.01)
        before, now = now, time.perf_counter()
        if where not in _SHORT:
            seconds[where] += now - before
    if process.returncode:
        raise RuntimeError("The good run failed; see above.")
    return seconds


def digest(run_dir: Path) -> str:
    """What a run has learned, and what it says of it."""
    with zipfile.ZipFile(run_dir / "model.keras") as archive:
        content = archive.read("model.weights.h5")
    report = (run_dir / "report.json").read_bytes()
    return hashlib.sha256(content + report).hexdigest()


def check_error(done: subprocess.CompletedProcess[str], text: str) -> Problems:
    """An error of one line, with its cause."""
    problems = []
    if done.returncode != 2:
        problems.append(f"exit status {done.returncode}")
    if "Traceback" in done.stderr:
        problems.append("a traceback")
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if text not in last:
        problems.append(f"the last line is {last[:300]!r}, without {text!r}")
    return problems


_FINE = "as it should be"
# In the order in which they begin.
PHASES = (
    "start",
    "compilation",
    "training",
    "pictures",
    "checkpoint",
    "model.keras",
    "evaluation",
    "export",
    "end",
)
_SHORT = ("pictures", "checkpoint", "model.keras")


def phase(run_dir: Path) -> str:
    """What a run is doing, by its files."""
    if not (run_dir / "config.json").exists():
        return "start"
    if (run_dir / "export" / "exports.json").exists():
        return "end"
    if (run_dir / "report.json").exists():
        return "export"
    if (run_dir / "model.keras").exists():
        return "evaluation"
    partial = [path.name for path in run_dir.rglob(".partial*")]
    for name, suffix in (
        ("model.keras", "model.keras"),
        ("checkpoint", ".h5"),
        ("pictures", ".png"),
    ):
        if any(path.endswith(suffix) for path in partial):
            return name
    log = run_dir / "log.jsonl"
    return "training" if log.exists() and log.stat().st_size else "compilation"


def kill(
    folder: Path, wanted: str, seconds: Mapping[str, float], share: float
) -> tuple[str, Problems]:
    """Kills a run in a phase, after a share of it; resumes and compares it.

    Returns:
        The phase in which it was killed, which may be a later one if the
        wanted one was over too soon; and what is wrong.
    """
    run_dir = folder / "killed"
    shutil.rmtree(run_dir, ignore_errors=True)
    process = subprocess.Popen(
        train("killed"),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Those in `_SHORT` come and go until the evaluation.
    later = PHASES[PHASES.index("evaluation" if wanted in _SHORT else wanted) :]
    while process.poll() is None and phase(run_dir) not in (wanted, *later):
        time.sleep(0.001)
    with contextlib.suppress(subprocess.TimeoutExpired):
        # Half, as the machine may be faster now.
        process.wait(share * seconds.get(wanted, 0.0) / 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    where = phase(run_dir)
    done = run(train("killed"), folder)
    if done.returncode:
        return where, [f"resuming: {done.stderr[-300:]}"]
    # The name of the directory is not in it.
    same = digest(run_dir) == digest(folder / "good")
    return where, [] if same else ["the resumed run is another one"]


@contextlib.contextmanager
def small_disk(folder: Path, num_bytes: int) -> Iterator[Path]:
    """A folder that is a disk of its own, if root may make one."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    words = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={num_bytes}",
        "tmpfs",
        str(disk),
    ]
    subprocess.run(words, check=True, capture_output=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def full_disk_in_training(folder: Path) -> Problems:
    """A checkpoint does not fit."""
    with small_disk(folder, 200_000):
        done = run(train("disk/run"), folder)
    return check_error(done, "Make room, and start again.")


def full_disk_in_commands(folder: Path) -> Problems:
    """Nothing fits, and nothing is left."""
    problems: Problems = []
    with small_disk(folder, 4096) as disk:
        for words in (
            ("sample", "good", "-o", "disk/x.png"),
            ("export", "good", "--onnx=disk/x.onnx"),
            ("embed", "good", "images.npz", "-o", "disk/x.csv"),
        ):
            done = run(command(*words), folder)
            problems += check_error(done, "Make room, and start again.")
            problems += [f"left: {path}" for path in disk.rglob("*")]
    return problems


def read_only_run(folder: Path) -> Problems:
    """It is found out before the evaluation."""
    with small_disk(folder, 200_000_000) as disk:
        shutil.copytree(folder / "good", disk / "run")
        words = ["mount", "-o", "remount,ro", str(disk)]
        subprocess.run(words, check=True, capture_output=True)
        done = run(command("evaluate", "disk/run"), folder)
    problems = check_error(done, "Choose a path that")
    if "Evaluating" in done.stderr:
        problems.append("evaluated before")
    return problems


def lost_rights(folder: Path) -> Problems:
    """Root may do all, so these are paths where nobody can write."""
    problems: Problems = []
    for path in ("/proc/x.png", "/dev/null/x.png"):
        done = run(command("sample", "good", "-o", path), folder)
        problems += check_error(done, path)
    return problems


def _start(words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Starts a command in a folder."""
    return subprocess.Popen(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(path: Path, process: subprocess.Popen[str]) -> bool:
    end = time.monotonic() + _TIMEOUT
    while process.poll() is None and time.monotonic() < end:
        if path.exists() and path.stat().st_size:
            return True
        time.sleep(0.01)
    return False


def deleted_directory(folder: Path) -> Problems:
    """The directory of a run disappears in the middle of its training."""
    run_dir = folder / "deleted"
    process = _start(train("deleted", "--epochs=200"), folder)
    if not _wait_for(run_dir / "log.jsonl", process):
        return ["it did not start"]
    time.sleep(0.1)
    os.rename(run_dir, folder / "elsewhere")
    out, err = process.communicate(timeout=_TIMEOUT)
    done = subprocess.CompletedProcess([], process.returncode, out, err)
    problems = check_error(done, "was removed or replaced by another program")
    if run_dir.exists():
        problems.append("the directory is there again")
    return problems


def two_processes(folder: Path) -> Problems:
    """The second one is refused, and the first one goes on."""
    run_dir = folder / "two"
    process = _start(train("two", "--no-export"), folder)
    if not _wait_for(run_dir / "config.json", process):
        return ["it did not start"]
    done = run(train("two", "--no-export"), folder)
    problems = check_error(done, "Another process is working in two")
    process.communicate(timeout=_TIMEOUT)
    if digest(run_dir) != digest(folder / "good"):
        problems.append("the first run is another one")
    return problems


def linked_lock(folder: Path) -> Problems:
    """A lock that is a link does not empty its target."""
    run_dir = folder / "linked"
    run_dir.mkdir()
    (folder / "thesis").write_text("mine")
    (run_dir / ".lock").symlink_to(folder / "thesis")
    done = run(train("linked"), folder)
    problems = check_error(done, "Remove the symbolic link.")
    if (folder / "thesis").read_text() != "mine":
        problems.append("its target was emptied")
    return problems


def damaged_model(folder: Path) -> Problems:
    """`train` makes the model of a run again."""
    run_dir = folder / "damaged"
    shutil.copytree(folder / "good", run_dir)
    path = run_dir / "model.keras"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    problems = check_error(
        run(command("sample", "damaged"), folder), "Repeat the `keras-infogan"
    )
    done = run(train("damaged"), folder)
    if done.returncode:
        problems.append(done.stderr[-300:])
    elif digest(run_dir) != digest(folder / "good"):
        problems.append("it is another one")
    return problems


INCIDENTS: tuple[Callable[[Path], Problems], ...] = (
    full_disk_in_training,
    full_disk_in_commands,
    read_only_run,
    lost_rights,
    deleted_directory,
    two_processes,
    linked_lock,
    damaged_model,
)


def run_all(folder: Path, seed: int, num_kills: int, output: Path) -> None:
    """All incidents, and kills in each phase; written to `output`.

    Those that are written there already are not repeated.
    """
    seconds = prepare(folder)
    content: dict[str, Any] = {"seed": seed, "incidents": {}, "kills": []}
    if output.exists():
        content = json.loads(output.read_text())
    content["seconds_of_a_run"] = round(sum(seconds.values()))
    for incident in INCIDENTS:
        if content["incidents"].get(incident.__name__) == _FINE:
            continue
        try:
            found: Any = incident(folder) or _FINE
        except (OSError, subprocess.SubprocessError) as error:
            found = f"not tried: {error}"
        content["incidents"][incident.__name__] = found
        print(incident.__name__, found, file=sys.stderr)
        write_json(output, content)
    for number in range(len(content["kills"]), num_kills):
        share = random.Random(f"{seed}-{number}").random()
        wanted = PHASES[number % (len(PHASES) - 1)]
        where, problems = kill(folder, wanted, seconds, share)
        content["kills"].append(
            {
                "wanted": wanted,
                "share": round(share, 3),
                "phase": where,
                "problems": problems,
            }
        )
        print(content["kills"][-1], file=sys.stderr)
        write_json(output, content)

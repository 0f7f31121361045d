"""Measures the time around the training, and of commands with one picture.

    python scripts/benchmarks/startup.py scripts/results/startup.json

Runs whole commands on an idle machine. First one epoch of preset `mnist` on a
fifth of its images, with nothing prepared and nothing compiled ("fresh"), and
again in another directory ("again"); the parts are told apart by what the
command says, and when. Then `sample`, `encode` and `traverse` of the pretrained
model. Seconds, each the median of `--repeats` runs but for the fresh one.
"""

import argparse
import json
import os
import platform
import pty
import re
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from importlib import metadata
from pathlib import Path

from keras_infogan.files import write_json

# What a run says when a part of it begins, a pattern, and the part before it.
PARTS = {
    "Reading": "imports",
    "Training for": "data and model",
    r"[1-9]\d*/93": "first steps",
    "Evaluating": "other steps",
    "Exporting": "evaluation and pictures",
    "Learned": "exports",
}
COMMANDS = {
    "help": ["--help"],
    "sample": ["sample", "mnist", "--digit", "7", "-o", "sample.png"],
    "encode": ["encode", "mnist", "seven.png"],
    "traverse": ["traverse", "mnist", "--code", "pose", "-o", "traverse.png"],
}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "keras_infogan", *arguments]


def read(terminal: int) -> bytes:
    """What was written; nothing at the end."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def train(folder: Path, name: str) -> dict[str, float]:
    """The seconds of each part of a run, and of all."""
    begin = last = time.perf_counter()
    # A terminal, where the progress bar shows each step.
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = subprocess.Popen(
        command(
            "train",
            f"--run-dir={folder / name}",
            f"--data-dir={folder / 'data'}",
            "--train-split=train[:20%]",
            "--epochs=1",
            "--steps-per-execution=1",
        ),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )
    os.close(theirs)
    seconds: dict[str, float] = {}
    waiting = dict(PARTS)
    text = b""
    while chunk := read(ours):
        text += chunk
        for sign in list(waiting):
            if re.search(sign.encode(), text):
                now = time.perf_counter()
                seconds[waiting.pop(sign)] = round(now - last, 1)
                last = now
    if process.wait():
        raise SystemExit(text.decode())
    first = ("imports", "data and model", "first steps")
    return {
        **seconds,
        "until the first step": round(sum(map(seconds.__getitem__, first)), 1),
        "all": round(time.perf_counter() - begin, 1),
    }


def seconds_of(arguments: list[str], folder: Path, repeats: int) -> float:
    durations = []
    for _ in range(repeats):
        begin = time.perf_counter()
        subprocess.run(
            command(*arguments), cwd=folder, check=True, capture_output=True
        )
        durations.append(time.perf_counter() - begin)
    return round(statistics.median(durations), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="JSON file to write")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    args = parser.parse_args()
    load = [round(os.getloadavg()[0], 1)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fresh = train(folder, "fresh")
        again = [train(folder, f"again_{i}") for i in range(args.repeats)]
        subprocess.run(
            command("sample", "mnist", "--digit=7", "--count=1", "-oseven.png"),
            cwd=folder,
            check=True,
            capture_output=True,
        )
        commands = {
            name: seconds_of(arguments, folder, args.repeats)
            for name, arguments in COMMANDS.items()
        }
    results = {
        "command": "python scripts/benchmarks/startup.py "
        "scripts/results/startup.json",
        "cores": os.cpu_count(),
        "repeats": args.repeats,
        # Of the minute before and of the last one: this program adds 1 to 2.
        "load": [*load, round(os.getloadavg()[0], 1)],
        "versions": {
            "python": platform.python_version(),
            **{x: metadata.version(x) for x in ("tensorflow", "keras")},
        },
        "train, fresh": fresh,
        "train, again": {
            part: round(statistics.median(x[part] for x in again), 1)
            for part in again[0]
        },
        "commands": commands,
    }
    write_json(args.output, results)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()

"""Damages files that commands read, and counts what comes of it.

    python -m scripts.fault_test --count 5000
    python -m scripts.fault_test --kills 50

Each damage is determined by `--seed` and its number. The files are read by the
functions of the commands, in a process that is watched. A file is

- `refused`: an error that the command line shows in one line;
- `same`: read as if it were whole, or replaced, with the result of a good one;
- `other`: read with another result, which is right where the file was valid
  and had no checksum, or cannot show that it is damaged (an `.npy` file, JPEG);
- `silent`: read with another result although it could have been known;
- `traceback`, `crash` or `hang`.

The last three are failures. The result in `scripts/results/fault_test.json` is
written every 100 files; the same command goes on where it was stopped.
"""

import argparse
import collections
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from keras_infogan.checksums import checksum_path

RESULTS = Path(__file__).parent / "results"
FAILURES = ("silent", "traceback", "crash", "hang")
_SECONDS = 120.0
_SAVED_EVERY = 100


def try_damage(place: Path, good: dict[int, Any], key: str) -> dict[str, Any]:
    """Damages one file, reads it, and restores it.

    Args:
        place: A folder of `make_place`.
        good: What is read of whole files, by the number of the target; filled.
        key: What determines the damage.

    Returns:
        The `target`, the `damage`, the `outcome` and the `detail` of an error.
    """
    from scripts.faults import damage
    from scripts.faults import targets

    rng = random.Random(key)
    number = rng.randrange(len(targets.TARGETS))
    target = targets.TARGETS[number]
    path = targets.find(place, target)
    if number not in good:
        good[number] = target.read(place)
    damages = [*damage.ANY]
    if target.kind:
        damages += [damage.BY_KIND[target.kind]] * 6
    make = rng.choice(damages)
    data = path.read_bytes()
    damaged = make(data, rng)
    name = target.path + ("" if target.is_recorded else " (no checksum)")
    result = {"target": name, "damage": make.__name__, "key": key}
    if damaged == data:
        return result | {"outcome": "same", "detail": "unchanged"}
    snapshot = targets.Snapshot(path.parent)
    try:
        path.write_bytes(damaged)
        if not target.is_recorded:
            checksum_path(path).unlink(missing_ok=True)
        return result | _read(place, target, good[number])
    finally:
        snapshot.restore()


def _read(place: Path, target: Any, good: Any) -> dict[str, str]:
    from tensorflow.errors import OpError

    from keras_infogan.files import explain

    try:
        found = target.read(place)
    except (OSError, ValueError, MemoryError, OpError) as error:
        text = explain(error)
        if "\n" in text or not text:
            return {"outcome": "traceback", "detail": repr(text)[:300]}
        return {"outcome": "refused", "detail": text[:300]}
    except Exception:
        lines = traceback.format_exc().splitlines()
        return {"outcome": "traceback", "detail": " | ".join(lines[-5:])[:500]}
    if found == good:
        return {"outcome": "same", "detail": ""}
    can_tell = target.can_tell and target.is_recorded
    return {"outcome": "silent" if can_tell else "other", "detail": ""}


def _work() -> None:
    """A worker: reads keys from stdin, and writes results to stdout."""
    import logging
    import resource
    import warnings

    logging.disable()
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    from scripts.faults import targets

    good: dict[int, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        targets.make_place(Path(folder))
        print("ready", file=answers)
        for line in sys.stdin:
            result = try_damage(Path(folder), good, line.strip())
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            result["memory_mib"] = round(peak / 1024)
            print(json.dumps(result), file=answers)


class Worker:
    """A process that damages and reads files, and can be replaced."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, key: str) -> dict[str, Any]:
        """The result for a key; a `crash` or `hang` ends the process."""
        process = self._process or self._start()
        assert process.stdin
        process.stdin.write(key + "\n")
        process.stdin.flush()
        answer = self._read_line(process, _SECONDS)
        if answer:
            found: dict[str, Any] = json.loads(answer)
            return found
        outcome = "hang" if process.poll() is None else "crash"
        self.close()
        return {"key": key, "outcome": outcome, "detail": "", "memory_mib": 0}

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.fault_test", "--work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        if not self._read_line(self._process, _SECONDS):
            raise SystemExit("The worker does not start; try --work.")
        return self._process

    @staticmethod
    def _read_line(process: subprocess.Popen[str], seconds: float) -> str:
        assert process.stdout
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        return process.stdout.readline().strip() if ready else ""


def run(seed: int, count: int, output: Path) -> dict[str, Any]:
    """Damages `count` files, and writes what came of them."""
    content: dict[str, Any] = {"seed": seed, "count": 0}
    if output.exists():
        content = json.loads(output.read_text())
        if content["seed"] != seed:
            raise SystemExit(f"{output} is of another seed; remove it.")
    tables = {
        name: {
            key: collections.Counter(values)
            for key, values in content.get(name, {}).items()
        }
        for name in ("by_target", "by_damage")
    }
    failures = content.get("failures", [])
    peak, seconds = (
        content.get("peak_memory_mib", 0),
        content.get("seconds", 0.0),
    )
    worker, begin = Worker(), time.perf_counter()
    try:
        for number in range(content["count"], count):
            result = worker.ask(f"{seed}-{number}")
            outcome = result["outcome"]
            for name, key in (("by_target", "target"), ("by_damage", "damage")):
                counter = tables[name].setdefault(
                    result.get(key, "unknown"), collections.Counter()
                )
                counter[outcome] += 1
            peak = max(peak, result["memory_mib"])
            if outcome in FAILURES:
                failures.append(result)
                print(json.dumps(result), file=sys.stderr)
            if (number + 1) % _SAVED_EVERY == 0 or number + 1 == count:
                now = time.perf_counter()
                seconds += now - begin
                begin = now
                totals = sum(
                    tables["by_target"].values(), collections.Counter()
                )
                content = {
                    "seed": seed,
                    "count": number + 1,
                    "outcomes": dict(sorted(totals.items())),
                    "seconds": round(seconds),
                    "peak_memory_mib": peak,
                    **{
                        name: {
                            key: dict(sorted(values.items()))
                            for key, values in sorted(table.items())
                        }
                        for name, table in tables.items()
                    },
                    "failures": failures,
                }
                partial = output.with_suffix(".partial")
                partial.write_text(json.dumps(content, indent=2) + "\n")
                partial.replace(output)
                print(number + 1, content["outcomes"], file=sys.stderr)
    finally:
        worker.close()
    return content


def main() -> None:
    """Runs the command line; exits with 1 if there are failures."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "fault_test.json"
    )
    parser.add_argument(
        "--kills",
        type=int,
        metavar="N",
        help="instead: N kills of a run, a full disk, lost rights, deleted "
        "folders, two processes; writes incidents.json",
    )
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        _work()
        return
    if args.kills is not None:
        from scripts.faults import incidents

        with tempfile.TemporaryDirectory() as folder:
            incidents.run_all(
                Path(folder), args.seed, args.kills, RESULTS / "incidents.json"
            )
        return
    content = run(args.seed, args.count, args.output)
    sys.exit(bool(content["failures"]))


if __name__ == "__main__":
    main()

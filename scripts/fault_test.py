"""Damages files that commands read, and counts what comes of it.

    python -m scripts.fault_test --count 5000
    python -m scripts.fault_test --crafted
    python -m scripts.fault_test --kills 50

Each damage is determined by `--seed` and its number. The files are read by the
functions of the commands, in a process that is watched. A file is

- `refused`: an error that the command line shows in one line;
- `same`: read as if it were whole, or replaced, with the result of a good one;
- `other`: read with another result, which nobody could know: the file has no
  checksum, as those of version 0.1, or is one of the user's own of a format
  without any (`.npy`, BMP, GIF, JPEG, TIFF, WebP), in which a flipped bit is
  another pixel;
- `silent`: read with another result although it could have been known;
- `memory`: read, or refused, with more than 512 MiB beyond those at rest;
- `traceback`, `crash` or `hang`.

All from `silent` on are failures. Workers are replaced every 250 files, so that
what Keras keeps of each model does not add up. The result in
`scripts/results/fault_test.json` is written every 20 files and when SIGINT or
SIGTERM stops it; the same command goes on where it was stopped, after another
look at what failed. `--crafted` reads files that a hand has made wrong, as
`faults/crafted.py` lists them; the result is in `crafted_files.json`.
"""

import argparse
import collections
import dataclasses
import json
import os
import random
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from keras_infogan.checksums import checksum_path
from keras_infogan.files import write_json

RESULTS = Path(__file__).parent / "results"
FAILURES = ("silent", "memory", "traceback", "crash", "hang")
_SECONDS = 120.0
_SAVED_EVERY = 20
_FILES_OF_A_WORKER = 250
# What reading one small file may take. The place for the whole process is
# larger, as memory is also reserved that is not used.
_MAX_MIB = 512
_MAX_RESERVED_MIB = 6144


def choose(key: str) -> tuple[int, Any, random.Random]:
    """The number and the target of a key, and what determines the damage."""
    from scripts.faults import targets

    rng = random.Random(key)
    number = rng.randrange(len(targets.TARGETS))
    return number, targets.TARGETS[number], rng


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

    number, target, rng = choose(key)
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


def try_crafted(place: Path, good: dict[int, Any], number: int) -> Any:
    """Makes a file wrong as `crafted.cases` says; see `try_damage`."""
    from scripts.faults import crafted
    from scripts.faults import targets

    case = crafted.cases()[number]
    target = dataclasses.replace(
        case.target, is_recorded=True, can_tell=not case.may_differ
    )
    index = [x.path for x in targets.TARGETS].index(target.path)
    if index not in good:
        good[index] = target.read(place)
    result = {"target": target.path, "damage": case.name, "key": str(number)}
    with crafted.made(place, case):
        return result | _read(place, target, good[index])


def _read(place: Path, target: Any, good: Any) -> dict[str, Any]:
    """The outcome, and the largest memory of the process and its growth."""
    # Makes the peak what it is now.
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_mib()
    result: dict[str, Any] = _compare(place, target, good)
    result["memory_mib"] = _peak_mib()
    result["growth_mib"] = result["memory_mib"] - before
    if result["growth_mib"] > _MAX_MIB:
        result["outcome"] = "memory"
    return result


def _compare(place: Path, target: Any, good: Any) -> dict[str, str]:
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
        # Results are committed: no folders of this machine.
        detail = " | ".join(lines[-5:]).replace(f"{RESULTS.parents[1]}/", "")
        return {"outcome": "traceback", "detail": detail[:500]}
    if found == good:
        return {"outcome": "same", "detail": ""}
    can_tell = target.can_tell and target.is_recorded
    return {"outcome": "silent" if can_tell else "other", "detail": ""}


def _work() -> None:
    """A worker: reads keys from stdin, and writes results to stdout."""
    import logging
    import warnings

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit = _MAX_RESERVED_MIB * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
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
            kind, key = line.strip().split(" ")
            if kind == "damaged":
                result = try_damage(Path(folder), good, key)
            else:
                result = try_crafted(Path(folder), good, int(key))
            print(json.dumps(result), file=answers)


def _peak_mib() -> int:
    """The largest memory of this process since its peak was reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024)
    raise RuntimeError("Linux shows the peak of the memory.")


class Worker:
    """A process that damages and reads files, and can be replaced."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._num_files = 0

    def ask(self, key: str) -> dict[str, Any]:
        """The result for a key; a `crash` or `hang` ends the process."""
        if self._num_files == _FILES_OF_A_WORKER:
            self.close()
        process = self._process or self._start()
        self._num_files += 1
        assert process.stdin
        process.stdin.write(key + "\n")
        process.stdin.flush()
        answer = self._read_line(process, _SECONDS)
        if answer:
            found: dict[str, Any] = json.loads(answer)
            return found
        outcome = "hang" if process.poll() is None else "crash"
        self.close()
        return {"key": key.split()[1], "outcome": outcome, "detail": ""}

    def close(self) -> None:
        self._num_files = 0
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
    fixed = content.get("fixed", [])
    peaks = {
        name: content.get(f"largest_{name}", 0)
        for name in ("memory_mib", "growth_mib")
    }
    count_before = content["count"]
    seconds_before = content.get("seconds", 0)
    begin = time.perf_counter()
    worker = Worker()

    def save(number: int) -> None:
        totals = sum(tables["by_target"].values(), collections.Counter())
        content.clear()
        content.update(
            {
                "seed": seed,
                "count": number,
                "outcomes": dict(sorted(totals.items())),
                "seconds": round(seconds_before + time.perf_counter() - begin),
                **{f"largest_{name}": peak for name, peak in peaks.items()},
                **{
                    name: {
                        key: dict(sorted((+values).items()))
                        for key, values in sorted(table.items())
                    }
                    for name, table in tables.items()
                },
                "failures": failures,
                "fixed": fixed,
            }
        )
        write_json(output, content)
        print(number, content["outcomes"], file=sys.stderr)

    def add(result: dict[str, Any], change: int = 1) -> None:
        for name, key in (("by_target", "target"), ("by_damage", "damage")):
            counter = tables[name].setdefault(
                result.get(key, "unknown"), collections.Counter()
            )
            counter[result["outcome"]] += change

    number = count_before
    try:
        # What failed before may be fixed now.
        for failure in failures.copy():
            result = worker.ask(f"damaged {failure['key']}")
            if result["outcome"] not in FAILURES:
                add(failure, -1)
                add(result)
                failures.remove(failure)
                fixed.append(failure)
        while number < count:
            result = worker.ask(f"damaged {seed}-{number}")
            add(result)
            for name, peak in peaks.items():
                peaks[name] = max(peak, result.get(name, 0))
            if result["outcome"] in FAILURES:
                failures.append(result)
                print(json.dumps(result), file=sys.stderr)
            number += 1
            if number % _SAVED_EVERY == 0:
                save(number)
    finally:
        worker.close()
        save(number)
    return content


def run_crafted(output: Path) -> dict[str, Any]:
    """Makes each of `crafted.cases()`, but those that are in `output`."""
    from scripts.faults import crafted

    done = json.loads(output.read_text())["cases"] if output.exists() else []
    known = {
        (x["target"], x["damage"]): x
        for x in done
        if x["outcome"] not in FAILURES
    }
    worker = Worker()
    content: dict[str, Any] = {}
    try:
        for number, case in enumerate(crafted.cases()):
            key = (case.target.path, case.name)
            if key in known:
                continue
            result = worker.ask(f"crafted {number}")
            del result["key"]
            result |= {"target": key[0], "damage": key[1]}
            known[key] = result
            if result["outcome"] in FAILURES:
                print(json.dumps(result), file=sys.stderr)
    finally:
        worker.close()
        content = {
            "outcomes": collections.Counter(
                x["outcome"] for x in known.values()
            ),
            "largest_growth_mib": max(
                (x.get("growth_mib", 0) for x in known.values()), default=0
            ),
            "failures": [x for x in known.values() if x["outcome"] in FAILURES],
            "cases": [
                {key: x[key] for key in ("target", "damage", "outcome")}
                | {"growth_mib": x.get("growth_mib", 0)}
                for x in known.values()
            ],
        }
        write_json(output, content)
    return content


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


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
    parser.add_argument(
        "--crafted",
        action="store_true",
        help="instead: the files of faults/crafted.py; writes "
        "crafted_files.json",
    )
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        _work()
        return
    # Shells start jobs in the background with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    if args.kills is not None:
        from scripts.faults import incidents

        with tempfile.TemporaryDirectory() as folder:
            incidents.run_all(
                Path(folder), args.seed, args.kills, RESULTS / "incidents.json"
            )
        return
    try:
        if args.crafted:
            content = run_crafted(RESULTS / "crafted_files.json")
        else:
            content = run(args.seed, args.count, args.output)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(bool(content["failures"]))


if __name__ == "__main__":
    main()

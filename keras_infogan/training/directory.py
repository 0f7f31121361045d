"""The directory of a run: whose it is, who works in it, how far it got."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from keras_infogan.files import is_partial
from keras_infogan.files import write_json
from keras_infogan.training.config import TrainingConfig


def check_directory(run_dir: Path, config: TrainingConfig) -> None:
    """Raises a `ValueError` unless the directory is this run's, or empty."""
    path = run_dir / "config.json"
    if path.exists():
        changes = TrainingConfig.load(path).differences(config)
        if changes:
            raise ValueError(
                f"{run_dir} holds a run with other options "
                f"({'; '.join(changes)}). Choose another --run-dir, or give "
                "the same options to resume."
            )
    elif run_dir.exists() and (
        not run_dir.is_dir()
        or any(
            entry.name != ".lock" and not is_partial(entry)
            for entry in run_dir.iterdir()
        )
    ):
        raise ValueError(
            f"{run_dir} should be a run directory, or empty or new. Received: "
            + ("files, but no config.json" if run_dir.is_dir() else "a file")
            + ". Choose another --run-dir."
        )


@contextlib.contextmanager
def lock_directory(run_dir: Path, config: TrainingConfig) -> Iterator[None]:
    """Makes the directory and keeps other processes out of it.

    Writes `config.json` and removes the unfinished files of a process that was
    killed.

    Raises:
        ValueError: If another process works in the directory, or it belongs to
            another run.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"Another process is working in {run_dir}. Wait for it, or "
                "choose another --run-dir."
            ) from None
        for path in run_dir.rglob("*"):
            if is_partial(path):
                path.unlink()
        # Again, as another process may have been faster.
        check_directory(run_dir, config)
        if not (run_dir / "config.json").exists():
            write_json(run_dir / "config.json", config.to_json())
        yield

"""Memory: what is free, and one line instead of the end of the process."""

from pathlib import Path

import psutil

# Of the group of processes that a container is, on Linux.
_GROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes that can still be used: those of the machine or the container."""
    free: int = psutil.virtual_memory().available
    try:
        limit = int((_GROUP / "memory.max").read_text())
        used = int((_GROUP / "memory.current").read_text())
        lines = (_GROUP / "memory.stat").read_text().splitlines()
        # What Linux keeps of files, and gives up when memory is asked for.
        kept = int(dict(line.split() for line in lines)["inactive_file"])
    # There is no group, or `max` says that it has no limit.
    except (OSError, ValueError, KeyError):
        return free
    return max(0, min(free, limit - used + kept))


def check_memory(needed: int, what: str) -> None:
    """Raises a `MemoryError` if there is less than `needed` bytes.

    Linux would grant them, and end the process when it uses them.

    Args:
        needed: Bytes.
        what: What needs them, the start of the message.
    """
    free = free_memory()
    if needed > free:
        raise MemoryError(
            f"{what} needs at least {needed / 2**30:.1f} GiB, and "
            f"{free / 2**30:.1f} GiB are free."
        )

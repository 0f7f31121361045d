"""TensorFlow, imported when it is first used.

Commands that run ONNX files do without it: its import takes seconds.
"""

import importlib
from typing import TYPE_CHECKING
from typing import Any

__all__ = ["tf"]


class _TensorFlow:
    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("tensorflow"), name)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _TensorFlow()

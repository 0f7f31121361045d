"""Callbacks for `InfoGAN.fit`.

| callback | purpose |
|---|---|
| `Diagnostics(images)` | warns of collapse, static and divergence |
"""

from keras_infogan.models.diagnostics import Diagnostics

__all__ = ["Diagnostics"]

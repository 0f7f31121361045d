"""Callbacks for `InfoGAN.fit`.

| callback | purpose |
|---|---|
| `Diagnostics(images)` | warns of collapse, noise-like images and divergence |
"""

from keras_infogan.models.diagnostics import Diagnostics

__all__ = ["Diagnostics"]

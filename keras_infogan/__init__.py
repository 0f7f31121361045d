"""InfoGAN for TensorFlow 2 and Keras 3."""

import importlib
from typing import TYPE_CHECKING
from typing import Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from keras_infogan.code_map import CodeMap as CodeMap
    from keras_infogan.codes import Bernoulli as Bernoulli
    from keras_infogan.codes import Categorical as Categorical
    from keras_infogan.codes import Normal as Normal
    from keras_infogan.codes import Uniform as Uniform
    from keras_infogan.config import TrainingConfig as TrainingConfig
    from keras_infogan.data import ImageData as ImageData
    from keras_infogan.evaluation import evaluate as evaluate
    from keras_infogan.export.onnx import export_onnx as export_onnx
    from keras_infogan.export.onnx import (
        export_onnx_encoder as export_onnx_encoder,
    )
    from keras_infogan.export.saved_model import (
        export_saved_model as export_saved_model,
    )
    from keras_infogan.latent import LatentSpec as LatentSpec
    from keras_infogan.loading import load_images as load_images
    from keras_infogan.model import InfoGAN as InfoGAN
    from keras_infogan.networks import (
        build_discriminator as build_discriminator,
    )
    from keras_infogan.networks import build_generator as build_generator
    from keras_infogan.objective import Objective as Objective
    from keras_infogan.serving import PredictionClient as PredictionClient
    from keras_infogan.training import load_model as load_model
    from keras_infogan.training import train as train
    from keras_infogan.warp import Warp as Warp

# Loaded on first use, so that `keras-infogan --help` needs no TensorFlow.
_HOMES = {
    "Bernoulli": "codes",
    "Categorical": "codes",
    "CodeMap": "code_map",
    "ImageData": "data",
    "InfoGAN": "model",
    "LatentSpec": "latent",
    "Normal": "codes",
    "Objective": "objective",
    "PredictionClient": "serving",
    "TrainingConfig": "config",
    "Uniform": "codes",
    "Warp": "warp",
    "build_discriminator": "networks",
    "build_generator": "networks",
    "evaluate": "evaluation",
    "export_onnx": "export.onnx",
    "export_onnx_encoder": "export.onnx",
    "export_saved_model": "export.saved_model",
    "load_images": "loading",
    "load_model": "training",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

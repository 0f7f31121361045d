"""InfoGAN for TensorFlow 2 and Keras 3."""

import importlib
from typing import TYPE_CHECKING
from typing import Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from keras_infogan import callbacks as callbacks
    from keras_infogan import plot as plot
    from keras_infogan.data.dataset import ImageData as ImageData
    from keras_infogan.data.sources import open_images as open_images
    from keras_infogan.evaluation.code_map import CodeMap as CodeMap
    from keras_infogan.evaluation.disentanglement import (
        disentanglement_scores as disentanglement_scores,
    )
    from keras_infogan.evaluation.disentanglement.centrality import (
        model_centrality as model_centrality,
    )
    from keras_infogan.evaluation.disentanglement.udr import (
        udr_scores as udr_scores,
    )
    from keras_infogan.evaluation.evaluate import evaluate as evaluate
    from keras_infogan.evaluation.measures.clustering import (
        clustering_accuracy as clustering_accuracy,
    )
    from keras_infogan.evaluation.measures.clustering import (
        confusion_matrix as confusion_matrix,
    )
    from keras_infogan.evaluation.measures.clustering import (
        match_clusters as match_clusters,
    )
    from keras_infogan.export.onnx import export_onnx as export_onnx
    from keras_infogan.export.onnx import (
        export_onnx_encoder as export_onnx_encoder,
    )
    from keras_infogan.export.saved_model import (
        export_saved_model as export_saved_model,
    )
    from keras_infogan.latents.codes import Bernoulli as Bernoulli
    from keras_infogan.latents.codes import Categorical as Categorical
    from keras_infogan.latents.codes import Circular as Circular
    from keras_infogan.latents.codes import Normal as Normal
    from keras_infogan.latents.codes import Uniform as Uniform
    from keras_infogan.latents.spec import LatentSpec as LatentSpec
    from keras_infogan.losses.augmentation import Augmentation as Augmentation
    from keras_infogan.losses.information import (
        mutual_information as mutual_information,
    )
    from keras_infogan.losses.objective import Objective as Objective
    from keras_infogan.models.blocks import (
        discriminator_outputs as discriminator_outputs,
    )
    from keras_infogan.models.infogan import InfoGAN as InfoGAN
    from keras_infogan.models.networks import (
        build_discriminator as build_discriminator,
    )
    from keras_infogan.models.networks import build_generator as build_generator
    from keras_infogan.models.pretrained import load_model as load_model
    from keras_infogan.serving import PredictionClient as PredictionClient
    from keras_infogan.training.config import TrainingConfig as TrainingConfig
    from keras_infogan.training.distillation import distill as distill
    from keras_infogan.training.recipes import fit_images as fit_images
    from keras_infogan.training.recipes import from_preset as from_preset
    from keras_infogan.training.run import train as train

# Loaded on first use, so that `keras-infogan --help` needs no TensorFlow.
_HOMES = {
    "Augmentation": "losses.augmentation",
    "Bernoulli": "latents.codes",
    "Categorical": "latents.codes",
    "Circular": "latents.codes",
    "CodeMap": "evaluation.code_map",
    "ImageData": "data.dataset",
    "InfoGAN": "models.infogan",
    "LatentSpec": "latents.spec",
    "Normal": "latents.codes",
    "Objective": "losses.objective",
    "PredictionClient": "serving",
    "TrainingConfig": "training.config",
    "Uniform": "latents.codes",
    "build_discriminator": "models.networks",
    "build_generator": "models.networks",
    "clustering_accuracy": "evaluation.measures.clustering",
    "confusion_matrix": "evaluation.measures.clustering",
    "discriminator_outputs": "models.blocks",
    "disentanglement_scores": "evaluation.disentanglement",
    "distill": "training.distillation",
    "evaluate": "evaluation.evaluate",
    "export_onnx": "export.onnx",
    "export_onnx_encoder": "export.onnx",
    "export_saved_model": "export.saved_model",
    "fit_images": "training.recipes",
    "from_preset": "training.recipes",
    "load_model": "models.pretrained",
    "match_clusters": "evaluation.measures.clustering",
    "model_centrality": "evaluation.disentanglement.centrality",
    "mutual_information": "losses.information",
    "open_images": "data.sources",
    "train": "training.run",
    "udr_scores": "evaluation.disentanglement.udr",
}
_MODULES = ("callbacks", "plot")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, *_MODULES])

"""From a trained model and real images to a report of numbers."""

import json
import math
import platform
from collections.abc import Mapping
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infogan import __version__
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.labels import balanced_label_indices
from keras_infogan.evaluation import clustering as metrics
from keras_infogan.evaluation.code_map import CodeMap
from keras_infogan.evaluation.feature_extractor import load_feature_extractor
from keras_infogan.evaluation.fidelity import MIN_IMAGES
from keras_infogan.evaluation.fidelity import measure_fidelity
from keras_infogan.evaluation.meanings import CategoryMeaning
from keras_infogan.evaluation.meanings import CodeMeaning
from keras_infogan.evaluation.meanings import DimensionMeaning
from keras_infogan.evaluation.morphology import measure
from keras_infogan.evaluation.naming import fit_to_real_images
from keras_infogan.evaluation.naming import name_categories
from keras_infogan.evaluation.naming import name_dimensions
from keras_infogan.evaluation.traversals import measure_traversals
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.information import mutual_information
from keras_infogan.models.infogan import InfoGAN

# The standard error of a code's information is its deviation over 100.
NUM_SAMPLES = 10_000
# Images that are floats at a time.
_CHUNK = 10_000
# Real images whose attributes are measured: their deviation is known to 2 %.
_NUM_MEASURED = 2_000
# Of which it is also read: all of MNIST, whose first half is written better.
_NUM_READ = 10_000

# Without them, a file is not a report.
_KEYS = {"clustering_accuracy", "mutual_information", "traversals"} | {
    "fidelity",
    "code_map",
}


def evaluate(
    model: InfoGAN,
    train: ImageData,
    test: ImageData,
    *,
    seed: int = 0,
    cache_dir: Path | None = None,
    num_naming_labels: int | None = None,
) -> dict[str, Any]:
    """Measures what the codes of a model know of real images.

    Labels are used here and nowhere else. The one-to-one mapping of categories
    to classes is fitted on the training split; accuracy, NMI and ARI are those
    of the test split. With several categorical codes they are those of the
    first. They are `None` without such a code or without labels, as is the
    fidelity of the generated images, which needs a classifier and 40 images.

    Args:
        model: The trained model.
        train: The training split, to fit the mapping.
        test: The test split.
        seed: Whole number, for the latents of the information.
        cache_dir: Where the classifier of the data set is kept.
        num_naming_labels: How many training images, balanced by class, name
            the categories in the code map; all by default. It says how sure a
            name is.

    Returns:
        Plain data, ready for JSON: `clustering_accuracy`,
        `normalized_mutual_information`, `adjusted_rand_index` in [0, 1] (the
        last may be negative; `None` for test images all of one class, or each
        of its own), `clustering_accuracy_standard_error` (of the
        images, not of seeds), `category_usage_entropy` in nats on the test
        images, `confusion` (classes in rows, categories in columns) with
        `class_names`, `category_to_class` (-1 for a category that is left
        over); `mutual_information` in nats by code and `total`, with
        `mutual_information_standard_error`, `mutual_information_ceiling` (of
        discrete codes) and `entropy`; `traversals` of gray images, as
        `measure_traversals` has them, by code; `fidelity`, as
        `measure_fidelity` has it; `code_map`, as `CodeMap` has it;
        `num_naming_labels`, `dataset`, `num_train_images`, `num_test_images`,
        `seed` and `versions`.
    """
    if num_naming_labels is not None:
        check_naming_labels(train, num_naming_labels)
    clustering, naming = _clustering(
        model, train, test, num_naming_labels, seed
    )
    latents = model.sample_latents(NUM_SAMPLES, seed=seed)
    generated = model.generate_from(latents)
    extractor = None
    if train.labels is not None:
        extractor = load_feature_extractor(train, cache_dir)
    traversals: dict[str, Any] = {}
    measured: dict[str, np.ndarray] = {}
    posterior: dict[str, np.ndarray] = {}
    if model.image_shape[-1] == 1:
        real = test.scaled(slice(_NUM_READ))
        measured, posterior = measure(real), model.encode(real)
        deviations = {
            name: _deviation(values[:_NUM_MEASURED])
            for name, values in measured.items()
        }
        traversals = measure_traversals(model, deviations, extractor, seed=seed)
    fidelity = None
    # Splits may be slices of a few images, for a first look.
    enough = min(len(train.images), len(test.images)) >= MIN_IMAGES
    if extractor is not None and enough:
        first = model.latent_spec.categorical_names[:1]
        fidelity = measure_fidelity(
            extractor,
            generated,
            latents[first[0]].numpy().argmax(axis=1) if first else None,
            clustering["category_to_class"],
            train,
            test,
            seed=seed,
        )
    information = _information(model, latents, generated)
    code_map = _name_codes(
        model.latent_spec,
        naming,
        train.class_names,
        name_dimensions(traversals, information["mutual_information"]),
    )
    return {
        **clustering,
        **information,
        "traversals": traversals,
        "fidelity": fidelity,
        "code_map": fit_to_real_images(code_map, posterior, measured).to_json(),
        "num_naming_labels": num_naming_labels,
        "dataset": train.name,
        "num_train_images": len(train.images),
        "num_test_images": len(test.images),
        "seed": seed,
        "versions": versions(),
    }


def check_naming_labels(train: ImageData, num_naming_labels: int) -> None:
    """Raises a `ValueError` if so many labels cannot name the categories."""
    if train.labels is None:
        raise ValueError(
            f"{train.name} has no labels that could name categories. "
            f"Received: num_naming_labels={num_naming_labels}. Leave it out."
        )
    balanced_label_indices(
        train.labels, num_naming_labels, 0, argument="num_naming_labels"
    )


def _deviation(values: np.ndarray) -> float:
    """Of the images that are not empty; 0 if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.std()) if len(finite) else 0.0


def read_report(path: Path) -> dict[str, Any] | None:
    """Reads a report, or nothing if it is not one that this version made."""
    try:
        report = json.loads(path.read_text())
        made_by = report["versions"]["keras-infogan"]
    except (ValueError, KeyError, TypeError):
        return None
    is_current = made_by == __version__ and _KEYS <= report.keys()
    return report if is_current else None


def versions() -> dict[str, str]:
    """The versions that numbers may depend on."""
    names = ("tensorflow", "keras", "tensorflow-datasets", "numpy")
    return {
        "keras-infogan": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in names},
    }


def _clustering(
    model: InfoGAN,
    train: ImageData,
    test: ImageData,
    num_naming_labels: int | None,
    seed: int,
) -> tuple[dict[str, Any], np.ndarray | None]:
    """What a report says of categories, and the counts that name them."""
    names = model.latent_spec.categorical_names
    if not names or train.labels is None or test.labels is None:
        return dict.fromkeys(
            (
                "clustering_accuracy",
                "clustering_accuracy_standard_error",
                "category_usage_entropy",
                "normalized_mutual_information",
                "adjusted_rand_index",
                "category_to_class",
                "class_names",
                "confusion",
            )
        ), None
    code = model.latent_spec.codes[names[0]]
    class_names = list(train.class_names)
    sizes = {
        "num_classes": len(class_names),
        "num_clusters": code.dim,
    }
    train_found = _find_clusters(model, train, names[0])
    mapping = metrics.match_clusters(
        metrics.confusion_matrix(train.labels, train_found, **sizes)
    )
    rows = (
        np.arange(len(train.labels))
        if num_naming_labels is None
        else balanced_label_indices(train.labels, num_naming_labels, seed)
    )
    naming = metrics.confusion_matrix(
        train.labels[rows], train_found[rows], **sizes
    )
    labels, found = test.labels, _find_clusters(model, test, names[0])
    confusion = metrics.confusion_matrix(labels, found, **sizes)
    accuracy = metrics.clustering_accuracy(labels, found, mapping)
    # Without two classes, and two images of one, there is nothing to agree on.
    is_comparable = 1 < len(np.unique(labels)) < len(labels)
    return {
        "clustering_accuracy": accuracy,
        "clustering_accuracy_standard_error": metrics.accuracy_standard_error(
            accuracy, len(labels)
        ),
        "category_usage_entropy": metrics.usage_entropy(confusion.sum(axis=0)),
        "normalized_mutual_information": metrics.normalized_mutual_information(
            labels, found
        )
        if is_comparable
        else None,
        "adjusted_rand_index": metrics.adjusted_rand_index(labels, found)
        if is_comparable
        else None,
        "category_to_class": mapping.tolist(),
        "class_names": class_names,
        "confusion": confusion.tolist(),
    }, naming


def _name_codes(
    spec: LatentSpec,
    naming: np.ndarray | None,
    class_names: Sequence[str],
    dimensions: Mapping[str, tuple[DimensionMeaning, ...]],
) -> CodeMap:
    """The meaning of each code, as far as it was measured."""
    codes = {}
    for name, code in spec.codes.items():
        kind = spec.get_config()["codes"][name]["type"]
        if not code.has_categories:
            unknown = (DimensionMeaning(),) * code.num_dimensions
            codes[name] = CodeMeaning(
                dimensions=dimensions.get(name, unknown), type=kind
            )
        elif name == spec.categorical_names[0] and naming is not None:
            named = name_categories(naming, class_names)
            codes[name] = CodeMeaning(categories=named, type=kind)
        else:
            unnamed = (CategoryMeaning(),) * code.dim
            codes[name] = CodeMeaning(categories=unnamed, type=kind)
    return CodeMap(codes)


def _find_clusters(model: InfoGAN, data: ImageData, name: str) -> np.ndarray:
    """The likeliest category of each image, an integer vector."""
    chunks = [
        model.encode(data.scaled(slice(start, start + _CHUNK)))
        for start in range(0, len(data.images), _CHUNK)
    ]
    return np.concatenate(
        [chunk[f"{name}_logits"].argmax(axis=1) for chunk in chunks]
    )


def _information(
    model: InfoGAN, latents: Mapping[str, tf.Tensor], generated: np.ndarray
) -> dict[str, Any]:
    """The bound on fresh latents, in inference mode."""
    spec = model.latent_spec
    posterior = {
        name: tf.constant(values)
        for name, values in model.encode(generated).items()
    }
    bound = mutual_information(spec, latents, posterior)
    errors = {
        name: float(
            np.std(
                code.log_likelihood(
                    latents[name], spec.parameters(name, posterior)
                )
            )
        )
        / math.sqrt(NUM_SAMPLES)
        for name, code in spec.codes.items()
    }
    nats = {name: float(value) for name, value in bound.items()}
    return {
        "mutual_information": {**nats, "total": sum(nats.values())},
        "mutual_information_standard_error": errors,
        # A discrete code has no more information than its entropy; that of a
        # continuous one grows with the precision it is read with.
        "mutual_information_ceiling": {
            name: code.entropy if code.is_discrete else None
            for name, code in spec.codes.items()
        },
        "entropy": {name: code.entropy for name, code in spec.codes.items()},
    }
